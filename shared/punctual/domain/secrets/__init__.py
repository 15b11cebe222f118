"""Secrets: their names, their values, and how tasks refer to them."""
