"""Badges: the health of tasks as a small picture."""
