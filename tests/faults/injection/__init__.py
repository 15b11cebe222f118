"""Injection: proxies and traps that make the network, servers and messages fail."""
