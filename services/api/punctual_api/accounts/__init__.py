"""Accounts: registration, login, passwords and sessions."""
