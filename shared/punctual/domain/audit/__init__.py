"""The audit record: which actions it has, and how it shows what changed."""
