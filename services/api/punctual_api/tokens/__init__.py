"""Access tokens of users and teams."""
