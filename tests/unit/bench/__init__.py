"""Tests of what the benchmarks say, without measuring anything."""
