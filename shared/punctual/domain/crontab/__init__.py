"""Crontabs, read as Debian's cron reads them, and written back."""
