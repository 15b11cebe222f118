"""Channels: where messages of alerts go."""
