"""Tests of the API, as its clients see it."""
