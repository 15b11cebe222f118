"""Hooks by the API, and calls of them."""
