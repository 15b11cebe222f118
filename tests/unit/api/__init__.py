"""Tests of the rules that only the API has."""
