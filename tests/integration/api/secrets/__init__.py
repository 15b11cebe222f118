"""Tests of secrets over the API."""
