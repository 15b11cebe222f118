"""Secrets of teams: values go in, and never come out."""
