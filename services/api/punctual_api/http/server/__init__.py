"""The HTTP server: gunicorn, with a worker in which slow clients hold no thread."""
