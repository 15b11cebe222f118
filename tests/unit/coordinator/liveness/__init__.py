"""Tests of liveness."""
