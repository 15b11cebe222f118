"""Alerts: snoozes, and the links of messages."""
