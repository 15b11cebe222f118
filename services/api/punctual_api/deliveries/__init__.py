"""Deliveries: messages to channels, and what came of them."""
