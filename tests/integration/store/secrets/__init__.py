"""Tests of stored secrets."""
