"""What the store promises without a database."""
