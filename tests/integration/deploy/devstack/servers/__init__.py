"""The local stack's parts, on real processes and files."""
