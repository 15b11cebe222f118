"""A proxy in front of the provider, whose answers it alters as a test wants."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Rewrite = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Called with a path and the JSON document that the provider answers there; returns another one."""
OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Proxy:
    """Listens on 127.0.0.1, passes on to a port there, and rewrites JSON while `rewrite` is set."""

    def __init__(self, port: int) -> None:
        self.rewrite: Rewrite | None = None
        self.paths: list[str] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, port))
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


def _handler(proxy: Proxy, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            proxy.paths.append(self.path)
            upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            forwarded = {"X-Forwarded-Host": self.headers["Host"], "X-Forwarded-Proto": "http"}
            try:
                upstream.request(self.command, self.path, body, {**dict(self.headers), **forwarded})
                answer = upstream.getresponse()
                content = self._rewritten(answer.read(), answer.headers.get_content_type())
            except OSError:
                self.send_error(502)
                return
            finally:
                upstream.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_ONE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _rewritten(self, content: bytes, content_type: str) -> bytes:
            if proxy.rewrite is None or not content_type.endswith("json"):
                return content
            path = self.path.partition("?")[0]
            return json.dumps(proxy.rewrite(path, json.loads(content))).encode()

        do_GET = do_POST = pass_on  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy that runs until the end of the block."""
    proxy = Proxy(port)
    thread = threading.Thread(target=proxy.http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.http.shutdown()
        proxy.http.server_close()
        thread.join()
