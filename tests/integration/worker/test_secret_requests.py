"""HTTP tasks with secrets: sent to the server, and shown nowhere."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine

from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended, output_of
from tests.integration.worker.secrets import MASK, PRIVATE, VALUE, Secrets
from tests.support.rows import new_team

LOCAL = {"heartbeat_seconds": 0.5, "secrets_private_key": PRIVATE, "http_allow_private": "true"}


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent, and remembers it."""

    requests: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.requests.append((dict(self.headers), body))
        text = f"{self.headers['Authorization']}|".encode() + body
        self.send_response(500 if self.path == "/fails" else 200)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Echo", self.headers["X-Key"] or "none")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Echo.requests.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


@pytest.fixture
def secrets(engine: Engine) -> Secrets:
    return Secrets(engine, new_team(engine))


def request(url: str, **values: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "method": "POST",
        "url": url,
        "headers": {},
        "body": None,
        "expect": None,
    }
    return {**plain, "timeout": 10.0, "follow_redirects": True, **values}


def test_a_request_sends_secrets_and_its_answer_is_masked(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, server: str
) -> None:
    quoted = 'a "quoted" \\ value'
    secrets.save("api", VALUE)
    secrets.save("json", quoted)
    http = request(
        f"{server}/hook",
        headers={"Authorization": "Bearer ${secret:api}", "X-Key": {"secret": "api"}},
        body='{"token": "${secret:json}", "bare": ${secret:api}}',
    )
    start_worker(**LOCAL)
    run = secrets.run("", {}, http=http)
    row = ended(engine, run)
    assert (row.state, row.reason) == ("succeeded", None)
    [(headers, body)] = Echo.requests
    assert headers["Authorization"] == f"Bearer {VALUE}"
    assert headers["X-Key"] == VALUE
    assert body == b'{"token": "a \\"quoted\\" \\\\ value", "bare": "%s"}' % VALUE.encode()
    shown = output_of(engine, run).decode()
    assert VALUE not in shown
    assert "quoted" not in shown
    assert f"X-Echo: {MASK}" in shown
    assert f"Bearer {MASK}|" in shown


def test_a_whole_body_may_be_a_secret_and_a_failure_does_not_show_it(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, server: str
) -> None:
    secrets.save("body", '{"key": "0123456789abcdef"}')
    start_worker(**LOCAL)
    run = secrets.run("", {}, http=request(f"{server}/fails", body={"secret": "body"}))
    row = ended(engine, run)
    assert (row.state, row.reason_code) == ("failed", "http_error")
    assert Echo.requests[0][1] == b'{"key": "0123456789abcdef"}'
    assert "0123456789abcdef" not in row.reason + output_of(engine, run).decode()


def test_a_parameter_that_looks_like_a_secret_stays_what_it_is(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, server: str
) -> None:
    secrets.save("api", VALUE)
    http = request(server, headers={"Authorization": {"secret": "api"}}, body="$PARAM_TEXT")
    params = [{"name": "text", "type": "string", "default": "${secret:api}"}]
    start_worker(**LOCAL)
    run = secrets.run("", {}, http=http, params=params)
    assert ended(engine, run).state == "succeeded"
    assert Echo.requests[0][1] == b"${secret:api}"


def test_a_value_that_no_header_can_hold_fails_the_run_by_name(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, server: str
) -> None:
    secrets.save("api", f"{VALUE}\r\nX-Evil: 1")
    http = request(server, headers={"Authorization": {"secret": "api"}})
    worker = start_worker(**LOCAL)
    row = ended(engine, secrets.run("", {}, http=http, max_retries=3, retry_delay=0))
    assert (row.state, row.attempt, row.reason_code) == ("failed", 1, "secret_unusable")
    assert row.reason.startswith(
        "secret api: The header Authorization takes one line of printable ASCII."
    )
    assert Echo.requests == []
    assert VALUE not in worker.log.read_text()


def test_no_file_of_a_request_has_a_secret(
    secrets: Secrets, engine: Engine, start_worker: StartWorker, tmp_path: Path
) -> None:
    """The server waits until the test has looked at every file of the worker."""
    looked = threading.Event()
    found: list[tuple[str, bool]] = []

    class Look(Echo):
        def do_POST(self) -> None:
            files = filter(Path.is_file, (tmp_path / "worker-1").rglob("*"))
            found.extend((path.name, VALUE.encode() in path.read_bytes()) for path in files)
            looked.set()
            super().do_POST()

    secrets.save("api", VALUE)
    start_worker(**LOCAL)
    with ThreadingHTTPServer(("127.0.0.1", 0), Look) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        http = request(f"http://127.0.0.1:{made.server_port}", body="${secret:api}")
        run = secrets.run("", {}, http=http)
        assert ended(engine, run).state == "succeeded"
        made.shutdown()
        thread.join()
    assert looked.is_set()
    assert found
    assert not any(has_it for _, has_it in found)
