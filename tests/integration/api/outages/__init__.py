"""Tests of outages."""
