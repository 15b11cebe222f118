"""Attempts as the agent knows them: what is active, how it ended, and what is written down."""
