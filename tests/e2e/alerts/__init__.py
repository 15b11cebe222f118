"""Alerts in a running product."""
