"""Secrets of teams: sealed values, the tasks that use them, and what workers read of them."""
