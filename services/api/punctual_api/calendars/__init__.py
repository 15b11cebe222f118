"""Calendars: when nothing is due."""
