"""Commands that come with the worker: an HTTP request as a program."""
