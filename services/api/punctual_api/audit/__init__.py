"""The audit record: written with each change, listed, exported and shown."""
