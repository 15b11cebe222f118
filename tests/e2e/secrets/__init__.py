"""Secrets in the whole product."""
