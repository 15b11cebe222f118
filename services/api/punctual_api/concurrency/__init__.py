"""Limits of concurrent runs."""
