"""Messages between services over Redis."""
