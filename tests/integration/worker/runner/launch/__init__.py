"""Tests of how commands are launched."""
