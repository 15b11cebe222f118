"""The worker: starts commands on time, and reports how they ended."""
