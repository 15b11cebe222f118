"""The command `punctual`: the client for people and shell scripts."""
