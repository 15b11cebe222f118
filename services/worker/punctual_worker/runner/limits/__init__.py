"""Limits: what an attempt may use, measured and enforced."""
