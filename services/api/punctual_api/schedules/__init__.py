"""Schedules, previewed before a task is saved with one."""
