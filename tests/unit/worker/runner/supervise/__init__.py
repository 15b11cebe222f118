"""Tests of how the runner ends what commands leave."""
