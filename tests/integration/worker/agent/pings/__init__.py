"""Pings of a worker."""
