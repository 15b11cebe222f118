"""HTTP: the server, requests, answers and errors."""
