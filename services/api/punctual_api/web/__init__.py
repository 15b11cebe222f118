"""Shared by all pages: the base template, forms and formatting."""
