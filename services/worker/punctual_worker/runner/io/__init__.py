"""Descriptors: waited for, and read in portions."""
