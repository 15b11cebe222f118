"""Commands: how shells and HTTP requests read what users typed."""
