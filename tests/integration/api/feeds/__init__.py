"""Feeds by the API, and as calendar programs read them."""
