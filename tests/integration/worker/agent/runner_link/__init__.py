"""Tests of runner_link."""
