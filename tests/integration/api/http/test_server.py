"""The API as a process: its settings, SIGTERM, its connections, and calm without Redis."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from punctual_api.http.database import THREADS
from punctual_devstack.ports import free_port
from tests.integration.api.conftest import PASSWORD, SECRET
from tests.integration.api.served import Served, launched, serving
from tests.support.eventually import eventually

ANNA = {"username": "anna", "password": PASSWORD, "email": "anna@example.com"}


@pytest.fixture
def served(database_url: str, namespace: str, tmp_path: Path) -> Iterator[Served]:
    """A live API without Redis."""
    nothing = f"redis://127.0.0.1:{free_port()}/0"
    with serving(
        tmp_path, database_url=database_url, redis_url=nothing, namespace=namespace
    ) as found:
        yield found


def test_it_serves_without_redis_and_still_slows_down_guessing(
    served: Served,
) -> None:
    client = served.client
    assert client.post("/api/register/", json=ANNA).status_code == 201
    wrong = {"username": "anna", "password": "wrong one"}
    codes = [client.post("/api/login/", json=wrong).status_code for _ in range(12)]
    assert codes[:9] == [401] * 9
    assert codes[-1] == 429
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert "queue" in ready.json()["degraded"]
    assert "punctual_http_requests_total" in client.get("/metrics").text


def test_a_query_that_is_too_long_is_refused_at_its_place(
    served: Served,
) -> None:
    client = served.client
    client.post("/api/register/", json=ANNA)
    who = {"username": "anna", "password": PASSWORD}
    token = client.post("/api/login/", json=who).json()["token"]
    headers = {"Authorization": f"Token {token}"}
    answer = client.get("/api/tasks/", params={"q": "a" * 5000}, headers=headers)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/q"]


def test_sigterm_ends_it_and_leaves_no_file_behind(
    served: Served,
) -> None:
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(10) == 0
    assert list(served.folder.iterdir()) == []


@pytest.fixture
def port(served: Served) -> int:
    """A live API's port, with no connection to it."""
    served.client.close()
    return served.port


def status_of(connection: HTTPConnection, path: str = "/healthz") -> int:
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_client_that_repeats_requests_does_not_keep_others_out(port: int) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(2 * THREADS) as pool:
        clients = [HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(2 * THREADS)]
        for client in clients:
            stack.callback(client.close)
        for _ in range(20):
            assert set(pool.map(status_of, clients)) == {200}


def test_a_silent_client_delays_no_other(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(3 * THREADS):  # each is kept, and asks no more
            client = HTTPConnection("127.0.0.1", port, timeout=2)
            stack.callback(client.close)
            assert status_of(client) == 200


def test_a_request_that_comes_while_another_is_answered_is_answered_next(port: int) -> None:
    with ExitStack() as stack:
        client = HTTPConnection("127.0.0.1", port, timeout=10)
        stack.callback(client.close)
        client.connect()
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        client.sock.sendall(one + one + b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text = b""
        while text.count(b"HTTP/1.1 ") < 3:
            more = client.sock.recv(65536)
            assert more, text
            text += more
        assert [line.split()[1] for line in text.splitlines() if line.startswith(b"HTTP/")] == [
            b"200",
            b"200",
            b"404",
        ]


@pytest.mark.parametrize(
    ("missing", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "nowhere"),
        ("REDIS_URL", ""),
        ("REDIS_URL", "redis://127.0.0.1:port/0"),
        ("SECRET_KEY", "changeme"),
    ],
)
def test_a_bad_setting_stops_the_start_by_its_name(
    tmp_path: Path, missing: str, value: str
) -> None:
    settings = {
        "database_url": "postgresql://127.0.0.1/x",
        "redis_url": "redis://127.0.0.1/0",
        "secret_key": SECRET,
    }
    with launched(tmp_path, **{**settings, missing.lower(): value}) as process:
        _, output = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"PUNCTUAL_{missing}" in output.decode()
    assert len(output.decode().splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_is_answered_though_the_group_gets_two_stop_signals(
    served: Served, number: signal.Signals
) -> None:
    body = json.dumps(ANNA).encode()
    head = f"POST /api/register/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body[:5])
        with closing(HTTPConnection("127.0.0.1", served.port, timeout=10)) as other:
            assert status_of(other) == 200  # so the first one is being read by now
        for _ in range(2):
            os.killpg(served.process.pid, number)
            served.process.send_signal(number)
        eventually(lambda: _takes_no_more(served.port))
        connection.sendall(body[5:])
        assert connection.recv(100).startswith(b"HTTP/1.1 201 ")
    assert served.process.wait(10) == 0


def _takes_no_more(port: int) -> bool:
    """Whether it answers nothing new: its port stays open until what it had is answered."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=0.5)) as connection:
        try:
            return status_of(connection) != 200
        except OSError:
            return True
