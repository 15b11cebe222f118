"""The life of a run, one verb per file: from the plan of a due time to its final state."""
