"""Tasks: created, changed, listed, and acted on."""
