"""Runs: their states, and the rules that decide when one may start or start again."""
