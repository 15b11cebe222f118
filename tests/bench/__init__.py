"""The benchmarks: Punctual and simpler ways to do the same, measured in one run."""
