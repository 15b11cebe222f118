"""Schedules: what they mean, when they are due, and what may be wrong with them."""
