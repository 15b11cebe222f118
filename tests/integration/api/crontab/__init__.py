"""Tests of crontab."""
