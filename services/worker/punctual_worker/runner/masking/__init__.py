"""Mask the values of secrets in what commands write."""
