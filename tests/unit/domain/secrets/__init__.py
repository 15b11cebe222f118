"""Tests of the rules of secrets."""
