"""A real SMTP server for tests, and the mails that it was sent."""
