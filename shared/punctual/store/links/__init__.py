"""Hooks, badges and feeds: addresses with a token in them."""
