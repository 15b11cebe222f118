"""Runs: listed, read with their attempts and output, cancelled, rerun."""
