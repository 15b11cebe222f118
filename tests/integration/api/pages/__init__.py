"""What the pages read, on a real database."""
