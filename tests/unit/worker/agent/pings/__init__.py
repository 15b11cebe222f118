"""Pings that wait."""
