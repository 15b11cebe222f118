"""Tests of the health of tasks."""
