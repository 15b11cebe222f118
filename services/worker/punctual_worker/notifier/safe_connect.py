"""Check the addresses that Apprise connects to, and end what takes too long.

Apprise sends by requests, which connects by urllib3. In this process urllib3 connects to allowed
addresses alone: each one that a name stands for is checked, so that no other can take its place
between the check and the connection. An attempt's sockets are shut down when its time is over, as
timeouts of requests count from byte to byte.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import urllib3.util.connection as urllib3_connection

from punctual.domain.commands.addresses import Network, why_refused


class RefusedError(OSError):
    """No address of a host may be connected to."""


@dataclass(slots=True)
class _Attempt:
    sockets: list[socket.socket] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


# Apprise may send in a thread of its own, which has the context of the one that asked.
_attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)
_connect = urllib3_connection.create_connection


def check_addresses(allowed: tuple[Network, ...]) -> None:
    """Have every connection of urllib3 in this process checked."""

    def connect(address: tuple[str, int], *args: Any, **options: Any) -> socket.socket:
        host, port = address
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        attempt = _attempt.get() or _Attempt()
        error: OSError | None = None
        for *_, place in found:
            number = str(place[0])
            if why := why_refused(number, allowed=allowed):
                refusal = f"{host} is {why}" if number == host else f"{host} is {number}, {why}"
                attempt.refusals.append(refusal)
                continue
            try:
                made = _connect((number, port), *args, **options)
            except OSError as failure:
                error = failure
                continue
            attempt.sockets.append(made)
            return made
        raise error or RefusedError("refused")

    urllib3_connection.create_connection = connect


@contextmanager
def limited(seconds: float) -> Iterator[list[str]]:
    """End the connections that are opened within, when their time is over.

    Yield the list of what was refused.
    """
    attempt = _Attempt()
    token = _attempt.set(attempt)
    timer = threading.Timer(seconds, _shut, [attempt.sockets])
    timer.daemon = True
    timer.start()
    try:
        yield attempt.refusals
    finally:
        timer.cancel()
        _attempt.reset(token)


def _shut(sockets: list[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
