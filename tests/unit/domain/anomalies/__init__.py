"""Tests of anomalies."""
