"""The pure parts of the web pages."""
