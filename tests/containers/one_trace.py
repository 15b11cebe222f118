"""Run inside a container: send one trace to a collector of its own, and print how it arrived."""

import os
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

from punctual.ops import tracing
from punctual.store.schema.models.model import new_id

RUN = new_id()


class Collector(BaseHTTPRequestHandler):
    """Take one message, as a collector would."""

    def do_POST(self) -> None:
        """Print what came, and whether it is about the run."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sys.stdout.write(f"{self.path} {self.headers['Content-Type']} {str(RUN).encode() in body}")
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing more."""


server = HTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.handle_request, daemon=True).start()
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
traced = tracing.start(service="one", name="one")
assert traced is not None, "nothing to trace with"
traced.run_ended(RUN, state="succeeded", at=datetime.now(UTC), fields={})
