"""Tests of what needs no server: rules, formats and decisions."""
