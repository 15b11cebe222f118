"""Load on an HTTP server: prepared requests over kept connections, as many as it answers."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager


def prepared(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Send one request; answers status and body."""
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, body = answer.partition(b"\r\n\r\n")
        status, length = int(head.split(b" ", 2)[1]), 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(body) < length:
            body += self._more()
        return status, body

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _more(self) -> bytes:
        more = self._socket.recv(1 << 20)
        if not more:
            raise ConnectionError("the server hung up")
        return more


@contextmanager
def connected(port: int) -> Iterator[Connection]:
    """A connection for a while."""
    connection = Connection(port)
    try:
        yield connection
    finally:
        connection.close()


def latencies(port: int, request: bytes, *, count: int) -> list[float]:
    """Milliseconds of that many requests, one after another."""
    took = []
    with connected(port) as connection:
        for _ in range(count):
            began = time.perf_counter()
            status, body = connection.send(request)
            took.append((time.perf_counter() - began) * 1000)
            assert status < 300, body
    return took


def rate(port: int, request: bytes, *, seconds: float, connections: int = 8) -> float:
    """Return the answers a second to `connections` that never pause; all must be successes."""
    until = time.perf_counter() + seconds
    counts: list[int] = []
    failures: list[bytes] = []

    def send() -> None:
        count = 0
        with connected(port) as connection:
            while time.perf_counter() < until and not failures:
                status, body = connection.send(request)
                if status >= 300:
                    failures.append(body)
                count += 1
        counts.append(count)

    threads: Sequence[threading.Thread] = [
        threading.Thread(target=send) for _ in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    assert len(counts) == connections, "a connection broke"
    return sum(counts) / (time.perf_counter() - began)
