"""What is no HTTP request is answered as every error is: problem+json, and careful headers."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from punctual_api.http.request_hooks import CAREFUL
from punctual_devstack.ports import free_port
from tests.integration.api.http.test_problems import FIELDS
from tests.integration.api.served import Served, serving

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

MALFORMED = {
    "no request": (b"nonsense\r\n\r\n", 400),
    "HTML in the request line": (b"<script>alert(1)</script>\r\n\r\n", 400),
    "lower-case method": (b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "unknown version": (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "header without a colon": (GET + b"nonsense\r\n\r\n", 400),
    "header with NUL": (GET + b"X: a\0b\r\n\r\n", 400),
    "folded header": (GET + b"X: a\r\n b\r\n\r\n", 400),
    "long address": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "long header": (GET + b"X: " + b"a" * 9000 + b"\r\n\r\n", 431),
    "many headers": (GET + b"X: a\r\n" * 200 + b"\r\n", 431),
    "headers without an end": (GET + b"X: " + b"a" * 70_000, 431),
    "length of letters": (POST + b"Content-Length: abc\r\n\r\n", 400),
    "negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "length and chunks": (
        POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "unknown encoding": (POST + b"Transfer-Encoding: foo\r\n\r\n", 501),
    "chunk of no size": (CHUNKED + b"zz\r\nab\r\n0\r\n\r\n", 400),
    "chunk that goes on": (CHUNKED + b"2\r\nabXX0\r\n\r\n", 400),
    "unknown expectation": (POST + b"Expect: miracles\r\nContent-Length: 2\r\n\r\n{}", 417),
    "trace": (b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "tunnel": (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
}


@pytest.fixture(scope="module")
def served(shared_servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A live API for all tests here."""
    url = shared_servers.new_database(f"punctual_malformed_{free_port()}")
    folder: Path = tmp_path_factory.mktemp("malformed")
    redis = f"redis://127.0.0.1:{free_port()}/0"
    with serving(folder, database_url=url, redis_url=redis, namespace="malformed") as found:
        yield found


def answer_to(served: Served, sent: bytes) -> tuple[HTTPResponse, bytes, bytes]:
    """The answer, its body, and what came after it until the connection ended."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = HTTPResponse(client)
        answer.begin()
        return answer, answer.read(), client.recv(65_536)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_a_problem_like_others(served: Served, name: str) -> None:
    sent, status = MALFORMED[name]
    answer, body, rest = answer_to(served, sent)
    assert (answer.status, rest) == (status, b"")
    assert answer.headers["Content-Type"] == "application/problem+json"
    for header, value in CAREFUL.items():
        assert answer.headers.get_all(header) == [value]
    problem = json.loads(body)
    assert set(problem) == FIELDS
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert b"<html" not in body.lower()


def test_a_body_that_breaks_off_unread_gets_no_second_answer(served: Served) -> None:
    post = b"DELETE /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer, _, rest = answer_to(served, post + b"zz\r\nab\r\n0\r\n\r\n")
    assert (answer.status, rest) == (405, b"")
