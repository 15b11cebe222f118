"""What `punctual` can do, by noun."""
