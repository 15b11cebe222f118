"""Time limits for the sockets of a Redis client."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SOCKET_LIMITS = {
    "socket_timeout": "5",
    "socket_connect_timeout": "3",
    "socket_keepalive": "1",
    "health_check_interval": "15",
}


def with_socket_limits(url: str, *, seconds: float | None = None) -> str:
    """Return the URL with time limits for its sockets; it may name its own, unless `seconds` do.

    A limit in the URL counts more for redis-py than one that a client is made with.
    """
    parts = urlsplit(url)
    query = {**SOCKET_LIMITS, **dict(parse_qsl(parts.query))}
    if seconds is not None:
        query |= {"socket_timeout": f"{seconds}", "socket_connect_timeout": f"{seconds}"}
    return urlunsplit(parts._replace(query=urlencode(query)))
