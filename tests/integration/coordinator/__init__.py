"""The coordinator against real servers: each duty by itself, then the program."""
