"""Supervision: how attempts end, and how nothing of them stays behind."""
