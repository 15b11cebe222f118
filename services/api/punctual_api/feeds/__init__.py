"""Feeds: what is due, blocked and failed, for calendar programs."""
