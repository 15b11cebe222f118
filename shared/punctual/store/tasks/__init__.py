"""Tasks: saved, changed, paused, listed."""
