"""The doctor: checks a running product and reports problems in sentences."""
