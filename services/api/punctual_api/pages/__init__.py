"""The web pages: what people see and click; the REST API is next door."""
