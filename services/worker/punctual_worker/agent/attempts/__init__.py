"""Attempts of this agent: active ones, their outcomes, and their reports."""
