"""Addresses with a token in them: how many, and how many requests."""
