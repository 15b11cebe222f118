"""A real HTTP server for requests to go to; it remembers what it was sent."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class ReceivedRequest(NamedTuple):
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What it is answered."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class WebServer:
    """Listens on 127.0.0.1; `answer` decides."""

    def __init__(self, answer: Callable[[ReceivedRequest], Answer]) -> None:
        self.requests: list[ReceivedRequest] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.requests, answer))
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.http.server_address[1])


def _handler(
    received: list[ReceivedRequest], answer: Callable[[ReceivedRequest], Answer]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            received.append(ReceivedRequest(self.command, self.path, dict(self.headers), body))
            reply = answer(received[-1])
            self.send_response(reply.status)
            for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = handle_any  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def web_server(answer: Callable[[ReceivedRequest], Answer]) -> Iterator[WebServer]:
    """A server that runs until the end of the block."""
    server = WebServer(answer)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()
