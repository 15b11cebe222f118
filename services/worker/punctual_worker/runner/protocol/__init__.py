"""The protocol between the agent and the runner."""
