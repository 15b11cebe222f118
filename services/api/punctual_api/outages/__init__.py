"""Outages, and what became of the due times in them."""
