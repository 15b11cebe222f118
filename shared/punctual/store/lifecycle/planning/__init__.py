"""Planning: due times become runs."""
