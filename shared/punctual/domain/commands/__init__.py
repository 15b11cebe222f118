"""Commands: shell and HTTP commands as users type them."""
