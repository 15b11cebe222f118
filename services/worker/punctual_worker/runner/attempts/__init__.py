"""Attempts as the runner knows them, with their timers and output."""
