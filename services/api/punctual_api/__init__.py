"""The API: web pages and REST, the only door users come through."""
