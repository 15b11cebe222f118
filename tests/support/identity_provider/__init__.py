"""A real OpenID provider for tests, and a proxy in front of it that can alter what it answers."""
