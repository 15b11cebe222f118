"""Limits of teams, seen from outside."""
