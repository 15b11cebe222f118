"""Calendars: stored, changed and cached."""
