"""Manifests and configuration, held against the code."""
