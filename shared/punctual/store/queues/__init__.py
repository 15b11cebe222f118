"""Queues that only some teams may use."""
