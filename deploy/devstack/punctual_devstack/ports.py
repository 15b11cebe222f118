"""Ports of this machine's loopback: which one is free, and whether a wanted one is taken."""

import errno
import random
import socket
from ipaddress import ip_address
from pathlib import Path

LOWEST = 20_000
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return an unused port below those that the kernel gives to outgoing connections.

    A server restarted on one of *those* can find a client there, connected to itself.
    """
    while True:
        port = random.randrange(LOWEST, _first_outgoing())
        if not is_taken(LOOPBACK, port):
            return port


def is_taken(host: str, port: int) -> bool:
    """Return whether a server listens on the port, so that ours could not."""
    return refusal(host, port) is not None


def refusal(host: str, port: int) -> OSError | None:
    """Return why no server of ours could listen there, None when one could."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def why_refused(host: str, port: int, error: OSError) -> str:
    """Return a sentence for a person who chose this port, saying what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another, as in PORT=8001"
    if error.errno == errno.EACCES:
        return f"port {port} is for root alone: choose one from 1024 on, as in PORT=8000"
    return f"PUNCTUAL_BIND: {host} is no address of this machine ({error.strerror})"


def is_loopback(bind: str) -> bool:
    """Return whether only this machine reaches a server that listens on `host:port`."""
    host = bind.rpartition(":")[0].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _first_outgoing() -> int:
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        first = 32_768
    return first if first > LOWEST + 1000 else 32_768
