"""Limits of abuse: requests a minute, and what a team may have."""
