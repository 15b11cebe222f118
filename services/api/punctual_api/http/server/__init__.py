"""The HTTP server: gunicorn, with a worker in which slow clients occupy no thread."""
