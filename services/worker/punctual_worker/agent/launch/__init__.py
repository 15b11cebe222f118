"""Launching: claimed runs are started in the database and ordered from the runner."""
