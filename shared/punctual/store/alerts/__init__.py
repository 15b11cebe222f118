"""Alerts: events of tasks and of the installation."""
