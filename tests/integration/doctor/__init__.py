"""The doctor, on real servers that are well, and on ones that are not."""
