"""The benchmarks: Punctual beside simpler ways to do the same, measured in one run."""
