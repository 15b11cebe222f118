"""A server that answers with the very bytes it is given, and ends the connection as specified."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

CLOSE, RESET, STALL, RAGGED = "close", "reset", "stall", "ragged"
"""Close in good order, reset, wait until the client leaves, or close without TLS's own goodbye."""


class Script(NamedTuple):
    """What each connection is answered, the last one again and again, and how it ends."""

    answers: Sequence[bytes]
    end: str = CLOSE
    read: bool = True
    """Whether the request is read before anything is said."""


class RawServer:
    """Listens on 127.0.0.1, and remembers the requests as they came."""

    def __init__(self, script: Script, context: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Answer one connection after the other until the listener is shut down."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._answer(connection)

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _answer(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        if self._context is None:
            self._talk(plain)
            return
        with self._context.wrap_socket(plain, server_side=True) as secure:
            self._talk(secure)

    def _talk(self, connection: socket.socket) -> None:
        answer = self.script.answers[min(len(self.requests), len(self.script.answers) - 1)]
        if self.script.read:
            self.requests.append(_request(connection))
        with suppress(OSError):
            connection.sendall(answer)
        match self.script.end:
            case "stall":
                while connection.recv(4096):
                    pass
            case "reset":
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.close()
            case "close" if isinstance(connection, ssl.SSLSocket):
                connection.unwrap().close()
            case "ragged":
                connection.shutdown(socket.SHUT_WR)
                connection.close()
            case _:
                _close(connection)


def _request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request and (piece := connection.recv(65536)):
        request += piece
    return request


def _close(connection: socket.socket) -> None:
    # What was not read yet would turn the end into a reset.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    connection.close()


@contextmanager
def raw_server(script: Script, context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """A server that runs until the end of the block."""
    server = RawServer(script, context)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
