"""Punctual: the library its services share."""
