"""Liveness: the worker registers, renews its lease, and ends when a part of it is stuck."""
