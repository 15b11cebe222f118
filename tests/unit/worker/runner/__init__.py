"""Parts of the runner that need no process."""
