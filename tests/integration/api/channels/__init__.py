"""Channels, rules and deliveries over the API."""
