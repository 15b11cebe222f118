"""Badges by the API, and as READMEs show them."""
