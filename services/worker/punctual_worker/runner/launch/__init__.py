"""Launching: how the process of an attempt is started on its instant."""
