"""Hooks: addresses that run a task without an account."""
