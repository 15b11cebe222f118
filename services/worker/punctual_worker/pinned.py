"""Connections to checked addresses: a name is resolved once, and only what was checked is used."""

import socket

from punctual.domain.addresses import Network, why_refused


class Refused(Exception):
    """Every address of a host is one that no request may go to."""


def connect(host: str, port: int, *, allowed: tuple[Network, ...], timeout: float) -> socket.socket:
    """A connection to the first address of the host that may be used and answers.

    Its `timeout` (seconds) holds for each wait, now and later. Raises Refused, or OSError.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    refusals: list[str] = []
    failure: OSError | None = None
    for family, kind, protocol, _, place in dict.fromkeys(found):
        why = why_refused(str(place[0]), allowed=allowed)
        if why is not None:
            refusals.append(
                f"{host} is {why}" if host == place[0] else f"{host} is {place[0]}, {why}"
            )
            continue
        try:
            return _connected(socket.socket(family, kind, protocol), place, timeout)
        except OSError as error:
            failure = error
    if failure is None:
        raise Refused(f"refused: {'; '.join(refusals)} (PUNCTUAL_HTTP_ALLOW_PRIVATE)")
    raise failure


def _connected(sock: socket.socket, place: object, timeout: float) -> socket.socket:
    try:
        sock.settimeout(timeout)
        sock.connect(place)  # type: ignore[arg-type]  # getaddrinfo's own
    except OSError:
        sock.close()
        raise
    return sock
