"""Tests of what judges the fault suite."""
