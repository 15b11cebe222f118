"""The checker: compares a history with every promise."""
