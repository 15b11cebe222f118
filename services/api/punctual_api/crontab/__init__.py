"""Crontabs: imported as tasks, and exported."""
