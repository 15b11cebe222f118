"""Requests of the client: what is sent, repeated and raised."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from punctual_client import (
    Changed,
    Client,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NotLoggedIn,
    Problem,
    ServerFault,
    TooManyRequests,
    Unreachable,
)
from punctual_client.connection import clean_url
from punctual_devstack.ports import free_port
from tests.support.web_server import Answer, ReceivedRequest, WebServer, web_server

TASK = "0190f0d4-0000-7000-8000-000000000000"


def problem(status: int, **fields: object) -> Answer:
    document = {"type": "about:blank", "status": status, "detail": "It is so.", **fields}
    kind = (("Content-Type", "application/problem+json"),)
    return Answer(status, kind, json.dumps(document).encode())


def answer_of(document: object, status: int = 200) -> Answer:
    return Answer(status, (("Content-Type", "application/json"),), json.dumps(document).encode())


@contextmanager
def answering(answers: Sequence[Answer]) -> Iterator[tuple[Client, WebServer]]:
    """A client of a server that gives these answers one after the other, then the last again."""
    left = list(answers)

    def next_one(_request: ReceivedRequest) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    with web_server(next_one) as server, Client(server.url, "pct_x") as client:
        yield client, server


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotLoggedIn),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (412, Changed),
        (422, Invalid),
        (418, Problem),
        (500, ServerFault),
    ],
)
def test_an_error_is_an_exception_of_its_kind(status: int, kind: type[Problem]) -> None:
    faults = [{"pointer": "/schedule/cron", "detail": "It has 4 fields, not 5."}]
    with answering([problem(status, errors=faults, request_id="r1")]) as (client, server):
        with pytest.raises(kind) as raised:
            client.task(TASK)
        assert len(server.requests) == 1
    assert type(raised.value) is kind
    assert (raised.value.status, raised.value.request_id) == (status, "r1")
    assert str(raised.value) == "It is so.\n/schedule/cron: It has 4 fields, not 5."


def test_the_token_is_sent_and_lists_are_read_page_by_page() -> None:
    pages = [
        answer_of({"items": [{"id": "1"}, {"id": "2"}], "next_cursor": "c+/"}),
        answer_of({"items": [], "next_cursor": "d"}),
        answer_of({"items": [{"id": "3"}], "next_cursor": None}),
    ]
    with answering(pages) as (client, server):
        tasks = client.tasks(tag="a b")
        assert next(tasks)["id"] == "1"
        assert len(server.requests) == 1  # a page is read when it is needed
        assert [task["id"] for task in tasks] == ["2", "3"]
        first, second, _third = server.requests
    assert first.headers["Authorization"] == "Token pct_x"
    assert first.path == "/api/tasks/?tag=a+b&limit=100"
    assert second.path == "/api/tasks/?tag=a+b&limit=100&cursor=c%2B%2F"


def test_a_creation_is_repeated_with_one_key() -> None:
    with answering([problem(503), problem(502), answer_of({"id": TASK}, 201)]) as (client, server):
        assert client.create_task({"command": "true"})["id"] == TASK
        keys = {request.headers["Idempotency-Key"] for request in server.requests}
        assert (len(server.requests), len(keys)) == (3, 1)
        client.create_task({"command": "true"})
        assert server.requests[-1].headers["Idempotency-Key"] not in keys


@pytest.mark.parametrize(
    ("call", "tries"),
    [
        (lambda client: client.task(TASK), 4),
        (lambda client: client.run_task(TASK), 4),
        (lambda client: client.delete_task(TASK), 4),
        (lambda client: client.create_team("a", "A"), 1),
        (lambda client: client.replace_task(TASK, {}, version=3), 1),
        (lambda client: client.login("ann", "x"), 1),
    ],
    ids=["read", "run", "delete", "no-key", "if-match", "login"],
)
def test_only_what_is_safe_is_repeated_after_a_503(
    call: Callable[[Client], object], tries: int
) -> None:
    with answering([problem(503)]) as (client, server):
        with pytest.raises(ServerFault):
            call(client)
        assert len(server.requests) == tries


def test_a_deletion_whose_answer_was_lost_has_been_done() -> None:
    with answering([problem(502), problem(404)]) as (client, _server):
        client.delete_task(TASK)
    with answering([problem(404)]) as (client, _server), pytest.raises(NotFound):
        client.delete_task(TASK)


def test_a_limit_is_waited_for_or_raised_with_its_wait() -> None:
    busy = Answer(429, (("Retry-After", "0"),))
    with answering([busy, answer_of({"items": []})]) as (client, server):
        assert client.teams() == []
        assert len(server.requests) == 2
    with answering([Answer(429, (("Retry-After", "300"),))]) as (client, server):
        with pytest.raises(TooManyRequests) as raised:
            client.create_team("a", "A")
        assert (raised.value.retry_after, len(server.requests)) == (300, 1)
    with answering([busy]) as (client, server):
        with pytest.raises(TooManyRequests):
            client.login("ann", "x")
        assert len(server.requests) == 1  # each try would count as a failure


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with Client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(Unreachable) as raised:
        client.create_team("a", "A")
    assert client.url in str(raised.value)


def test_a_connection_that_breaks_is_repeated_only_where_that_is_safe() -> None:
    """The server reads each request, then closes without an answer."""
    seen: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                opened, _ = listening.accept()
            except OSError:
                return
            with opened:
                seen.append(opened.recv(65536))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        with Client(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
            with pytest.raises(Unreachable):
                client.create_team("a", "A")
            assert len(seen) == 1
            with pytest.raises(Unreachable):
                client.teams()
            assert len(seen) == 1 + 4
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (Answer(200, (("Content-Type", "text/html"),), b"<h1>Welcome"), "Is the address right?"),
        (Answer(301, (("Location", "https://elsewhere/api/"),)), "https://elsewhere/api/"),
    ],
    ids=["page", "redirect"],
)
def test_another_server_is_not_taken_for_punctual(answer: Answer, part: str) -> None:
    with answering([answer]) as (client, server):
        with pytest.raises(Unreachable) as raised:
            client.teams()
        assert part in str(raised.value)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://punctual.example.com/", "https://punctual.example.com"),
        (" http://127.0.0.1:8000 ", "http://127.0.0.1:8000"),
        ("https://example.com/punctual/?a=1#b", "https://example.com/punctual"),
    ],
)
def test_an_address_is_cleaned(typed: str, url: str) -> None:
    assert clean_url(typed) == url


@pytest.mark.parametrize("typed", ["", "punctual.example.com", "ftp://a", "http://", "http://[::"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        clean_url(typed)


def test_names_are_parts_of_paths() -> None:
    with answering([answer_of({"items": []})]) as (client, server):
        client.members("a/../b")
        assert server.requests[0].path == "/api/teams/a%2F..%2Fb/members/"
