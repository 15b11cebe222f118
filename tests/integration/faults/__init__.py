"""One short fault of each kind; the long ones are in tests/faults."""
