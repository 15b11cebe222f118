"""The API: web pages and REST, the only service that users reach."""
