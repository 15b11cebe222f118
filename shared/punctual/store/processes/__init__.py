"""The processes that share the work, known by their heartbeats."""
