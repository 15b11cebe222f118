"""Misfires: runs that could not start in time."""
