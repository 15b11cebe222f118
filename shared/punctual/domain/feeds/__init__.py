"""Feeds: what calendar programs show of tasks."""
