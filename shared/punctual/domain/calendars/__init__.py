"""Calendars: days and windows in which nothing is due."""
