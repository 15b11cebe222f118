"""Liveness: this coordinator's registration, its watchdog and its health."""
