"""Access tokens by the API."""
