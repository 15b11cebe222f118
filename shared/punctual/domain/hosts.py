"""Allowed host names of an installation, and how a Host header is checked."""

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
ANY = "*"

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_HEADER = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,254})(?::[0-9]{0,5})?")


def host_in(header: str) -> str | None:
    """Return the host of a Host header, without its port; None when the header is malformed.

    Lower case, no dot at the end, an IPv6 address in its shortest form and in brackets.
    """
    found = _HEADER.fullmatch(header.lower())
    return None if found is None else _host(found[1])


def parse_hosts(text: str) -> frozenset[str]:
    """Return the hosts of a comma-separated list; `*` stands for every host.

    Raises ValueError, naming the first entry that is no host.
    """
    found = set()
    for entry in filter(None, map(str.strip, text.split(","))):
        host = entry if entry == ANY else _host(entry.lower())
        if host is None:
            raise ValueError(repr(entry))
        found.add(host)
    return frozenset(found)


def parse_public_url(text: str) -> str:
    """Return the URL without a slash at its end; raises ValueError, saying what is wrong."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        raise ValueError("its scheme is not http or https")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("it has a user, a query or a fragment")
    if host_in(parts.netloc) is None or (parts.port is not None and not parts.port):
        raise ValueError("it has no valid host")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it has characters that no URL has")
    return text.rstrip("/")


def host_of(public_url: str) -> str:
    """Return the host of a URL that parse_public_url took."""
    return host_in(urlsplit(public_url).netloc) or ""


def _host(text: str) -> str | None:
    if text.startswith("["):
        try:
            return f"[{IPv6Address(text[1:-1]).compressed}]" if text.endswith("]") else None
        except ValueError:
            return None
    name = text.removesuffix(".")
    return name if _NAME.fullmatch(name) else None
