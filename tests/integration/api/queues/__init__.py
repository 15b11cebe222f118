"""Tests of queues over the API."""
