"""Alerts: what happens to tasks and to the installation that people want to learn."""
