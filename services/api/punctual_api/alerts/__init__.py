"""Alerts: rules, snoozes, and the links of messages."""
