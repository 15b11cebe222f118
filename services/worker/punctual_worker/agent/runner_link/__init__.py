"""The link to the runner: orders, reports, and the end of a stuck runner."""
