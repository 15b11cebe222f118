"""People: users, their sessions and tokens, and the keys of their requests."""
