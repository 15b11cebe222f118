"""Hostile commands: one technique each, against another run, the runner and the agent."""
