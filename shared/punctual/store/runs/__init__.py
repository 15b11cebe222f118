"""Runs: listed, explained, measured and pruned."""
