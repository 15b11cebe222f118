"""The wire format of hints."""
