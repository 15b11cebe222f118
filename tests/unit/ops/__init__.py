"""Settings, logs, metrics and traces."""
