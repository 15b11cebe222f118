"""The link to the runner: orders and reports, and what is done when it does not answer."""
