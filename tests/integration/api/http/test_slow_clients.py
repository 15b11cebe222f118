"""Clients that send, read or close slowly hold up no other."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from punctual_api.http.database import THREADS
from punctual_devstack.ports import free_port
from tests.integration.api.conftest import PASSWORD
from tests.integration.api.served import Served, serving
from tests.support.eventually import eventually

MANY = 3 * THREADS
HEAD = b"Host: localhost\r\nContent-Type: application/json\r\n"
HALVES = {
    "nothing": b"",
    "request line": b"GET /heal",
    "headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-a: b",
    "no body": b"POST /api/login/ HTTP/1.1\r\n" + HEAD + b"Content-Length: 100\r\n\r\n",
    "half a body": b"POST /api/login/ HTTP/1.1\r\n" + HEAD + b'Content-Length: 100\r\n\r\n{"a"',
    "chunks without an end": b"POST /api/login/ HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n",
    "half a chunk": b"POST /login/ HTTP/1.1\r\n"
    + HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a long body of a stranger": b"POST /api/tasks/bulk/ HTTP/1.1\r\n"
    + HEAD
    + b"Content-Length: 10000000\r\n\r\n[",
    "a long body with a wrong token": b"POST /api/tasks/bulk/ HTTP/1.1\r\n"
    + HEAD
    + b"Authorization: Token x\r\n"
    + b"Content-Length: 10000000\r\n\r\n[",
    "one request and a half": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nX",
}


@pytest.fixture(scope="module")
def served(shared_servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A live API for all tests here; what they leave in its database is theirs."""
    url = shared_servers.new_database(f"punctual_slow_{free_port()}")
    folder: Path = tmp_path_factory.mktemp("slow")
    redis = f"redis://127.0.0.1:{free_port()}/0"
    with serving(folder, database_url=url, redis_url=redis, namespace="slow") as found:
        yield found


@pytest.fixture
def connect(served: Served) -> Iterator[Callable[..., socket.socket]]:
    """Raw connections to it, closed at the end."""
    with ExitStack() as stack:

        def opened(sent: bytes) -> socket.socket:
            made = stack.enter_context(socket.socket())
            made.settimeout(20)
            made.connect(("127.0.0.1", served.port))
            made.sendall(sent)
            return made

        yield opened


def assert_serves(served: Served) -> None:
    """It answers others at once: more of them than it has threads, one after another."""
    for _ in range(THREADS + 1):
        assert httpx.get(f"{served.client.base_url}/healthz", timeout=5).status_code == 200


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_half_requests_hold_up_no_other(
    served: Served, connect: Callable[..., socket.socket], half: bytes
) -> None:
    for _ in range(MANY):
        connect(half)
    assert_serves(served)


def test_two_hundred_slow_clients_of_every_kind_hold_up_no_other(
    served: Served, connect: Callable[..., socket.socket]
) -> None:
    for number in range(200):
        connect([*HALVES.values()][number % len(HALVES)])
    assert_serves(served)


def test_clients_that_do_not_close_hold_up_no_other(
    served: Served, connect: Callable[..., socket.socket]
) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    clients = [connect(request) for _ in range(MANY)]
    assert_serves(served)
    for client in clients:
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_request_that_comes_byte_by_byte_is_answered(
    served: Served, connect: Callable[..., socket.socket]
) -> None:
    body = json.dumps({"username": "anna", "password": PASSWORD, "email": "anna@x.org"}).encode()
    request = b"POST /api/register/ HTTP/1.1\r\n" + HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
    client = connect(b"")
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in request + body:
        client.sendall(bytes([byte]))
    assert client.recv(100).startswith(b"HTTP/1.1 201 CREATED")


def test_a_client_that_expects_100_continue_gets_it_once(
    served: Served, connect: Callable[..., socket.socket]
) -> None:
    body = b'{"username": "nobody", "password": "none"}'
    head = (
        b"POST /api/login/ HTTP/1.1\r\n" + HEAD + b"Expect: 100-continue\r\nConnection: close\r\n"
    )
    client = connect(head + b"Content-Length: %d\r\n\r\n" % len(body))
    assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(body)
    assert client.recv(1000).startswith(b"HTTP/1.1 401 UNAUTHORIZED")


def test_headers_without_an_end_are_refused(
    served: Served, connect: Callable[..., socket.socket]
) -> None:
    client = connect(b"GET / HTTP/1.1\r\nX: ")
    for _ in range(70):
        client.sendall(b"a" * 1000)
    assert client.recv(1000).startswith(b"HTTP/1.1 431 ")


def test_what_is_refused_early_is_still_answered(served: Served) -> None:
    for _ in range(5):
        answer = httpx.post(f"{served.client.base_url}/api/tasks/bulk/", content=b" " * 20_000_000)
        assert answer.status_code == 401


def test_more_connections_than_it_takes_end_the_oldest(
    served: Served, connect: Callable[..., socket.socket]
) -> None:
    clients = [connect(b"GET /healthz HTTP/1.1\r\n") for _ in range(1100)]
    assert_serves(served)
    assert clients[0].recv(100).startswith(b"HTTP/1.1 408 ")


SLOW_READER_SERVER = """
import sys
from punctual.ops.config import Settings
from punctual_api.http.server import api_server, buffering_worker

buffering_worker.SEND_SECONDS = 1.0


class Large(api_server.ApiServer):
    def load(self):
        def app(environ, start_response):
            body = b"x" * 100_000_000 if environ["PATH_INFO"] == "/large" else b"small"
            start_response("200 OK", [("Content-Length", str(len(body)))])
            return [body]

        return app


Large(Settings(bind=sys.argv[1])).run()
"""


def test_clients_that_do_not_read_their_answers_hold_up_no_other() -> None:
    port = free_port()
    command = [sys.executable, "-c", SLOW_READER_SERVER, f"127.0.0.1:{port}"]
    with subprocess.Popen(command) as process, ExitStack() as stack:
        stack.callback(process.kill)

        def answers() -> bool:
            with socket.socket() as client:
                client.settimeout(1)
                try:
                    client.connect(("127.0.0.1", port))
                    client.sendall(b"GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return client.recv(1000).endswith(b"small")
                except OSError:
                    return False

        eventually(answers, within=20)
        for _ in range(THREADS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(15) == b"HTTP/1.1 200 OK"
        eventually(answers, within=20)
