"""Launch: start claimed runs in the database, and order their launch from the runner."""
