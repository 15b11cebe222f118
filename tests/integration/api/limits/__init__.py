"""Limits of abuse by the API."""
