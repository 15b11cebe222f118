"""Pings to monitors outside, sent after the fact."""
