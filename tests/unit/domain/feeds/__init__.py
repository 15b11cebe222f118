"""What feeds show."""
