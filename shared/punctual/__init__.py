"""Punctual: the library its services share."""

DISTRIBUTION = "punctual-scheduler"
"""The name that it is installed under: `punctual` on the public index is another project."""
