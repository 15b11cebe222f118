"""What services say to each other over Redis, and how."""
