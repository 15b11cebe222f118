"""Tests of accounts in the browser."""
