"""The host: the runner's own process, directories and isolation."""
