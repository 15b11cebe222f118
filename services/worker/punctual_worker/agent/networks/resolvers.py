"""The name servers of this machine or container, which commands must reach."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

RESOLV_CONF = Path("/etc/resolv.conf")
WITHOUT_ANY = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
"""What the C library asks where the file names no server."""


def name_servers(file: Path = RESOLV_CONF) -> list[IPv4Address | IPv6Address]:
    """Return the addresses that the file names."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return list(WITHOUT_ANY)
    found = []
    for words in map(str.split, lines):
        if words[:1] == ["nameserver"] and len(words) > 1:
            try:
                found.append(ip_address(words[1].partition("%")[0]))
            except ValueError:
                continue  # as the C library does
    return found or list(WITHOUT_ANY)
