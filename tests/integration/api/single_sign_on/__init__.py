"""Single sign-on with a real provider."""
