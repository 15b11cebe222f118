"""Outages: when no coordinator was running, and what became of the due times in them."""
