"""Concurrency limits: how full they are, and which runs they admit."""
