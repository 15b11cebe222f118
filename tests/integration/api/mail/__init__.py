"""Tests of the mail that the API sends."""
