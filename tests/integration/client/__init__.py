"""The client on real connections."""
