"""Commands that the worker brings along: an HTTP request as a program."""
