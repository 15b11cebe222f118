"""The notifier on a real database, with real receivers."""
