"""Servers: the PostgreSQL and the Valkey that the stack brings along, and where their files lie."""
