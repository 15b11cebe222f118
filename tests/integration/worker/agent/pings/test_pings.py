"""A worker pings monitors of the starts and ends of runs, and none of them delays a run."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, new_run, new_task, run_row
from tests.support.web_server import Answer, ReceivedRequest, WebServer, web_server

LOCAL: dict[str, Any] = {"heartbeat_seconds": 0.5, "http_allow_private": "127.0.0.0/8"}


@pytest.fixture
def monitor() -> Iterator[WebServer]:
    with web_server(lambda _: Answer(200, body=b"OK")) as started:
        yield started


def paths(server: WebServer, number: int) -> list[str]:
    """The paths of that many requests, once they are there."""
    eventually(lambda: len(server.requests) >= number, within=20)
    return [request.path.partition("?")[0] for request in server.requests]


def run(engine: Engine, command: str, url: str, **values: Any) -> Any:
    """A run that is dispatched."""
    ping = values.pop("ping", {"url": f"{url}/ping/x"})
    task = new_task(engine, command=command, ping=ping, **{"max_retries": 0, **values})
    made = new_run(engine, task)
    dispatch_all(engine)
    return made


@pytest.mark.parametrize(
    ("command", "end"), [("true", "/ping/x"), ("sleep 0.4", "/ping/x"), ("exit 7", "/ping/x/7")]
)
def test_a_start_and_an_end_are_pinged_in_that_order(
    engine: Engine, start_worker: StartWorker, monitor: WebServer, command: str, end: str
) -> None:
    start_worker(**LOCAL)
    made = run(engine, command, monitor.url)
    assert paths(monitor, 2) == ["/ping/x/start", end]
    assert {request.path.partition("?")[2] for request in monitor.requests} == {f"rid={made}"}
    assert {request.method for request in monitor.requests} == {"GET"}


def test_a_failure_is_pinged_after_the_last_retry(
    engine: Engine, start_worker: StartWorker, monitor: WebServer
) -> None:
    start_worker(**LOCAL)
    made = run(engine, "exit 3", monitor.url, max_retries=1, retry_delay=0, retry_delay_max=0)
    eventually(lambda: run_row(engine, made).state == "scheduled")
    dispatch_all(engine)
    assert ended(engine, made).attempt == 2
    assert paths(monitor, 2) == ["/ping/x/start", "/ping/x/3"]


def test_a_run_that_took_too_long_is_a_failure(
    engine: Engine, start_worker: StartWorker, monitor: WebServer
) -> None:
    start_worker(**LOCAL)
    run(engine, "sleep 30", monitor.url, timeout=0.3, ping={"failure": f"{monitor.url}/bad"})
    assert paths(monitor, 1) == ["/bad"]


def test_a_private_address_is_refused_as_for_requests(
    engine: Engine, start_worker: StartWorker, monitor: WebServer
) -> None:
    worker = start_worker(heartbeat_seconds=0.5)
    made = run(engine, "true", monitor.url, ping={"success": monitor.url})
    assert ended(engine, made).state == "succeeded"
    eventually(lambda: "ping failed" in worker.log.read_text(), within=20)
    assert "PUNCTUAL_HTTP_ALLOW_PRIVATE" in worker.log.read_text()
    assert monitor.requests == []


def test_a_monitor_that_fails_is_asked_three_times(
    engine: Engine, start_worker: StartWorker
) -> None:
    answers = iter([Answer(503), Answer(302, headers=(("Location", "/elsewhere"),)), Answer(200)])
    with web_server(lambda _: next(answers)) as monitor:
        start_worker(**LOCAL)
        run(engine, "true", monitor.url, ping={"success": f"{monitor.url}/ok"})
        assert paths(monitor, 3) == ["/ok"] * 3


@contextmanager
def hanging() -> Iterator[tuple[str, Callable[[], int]]]:
    """A monitor that takes every connection and answers nothing; how many it has taken."""
    listener = socket.create_server(("127.0.0.2", 0))
    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                taken.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.2:{listener.getsockname()[1]}", lambda: len(taken)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for one in taken:
            one.close()


def test_a_monitor_that_hangs_delays_no_run_and_no_other_monitor(
    engine: Engine, start_worker: StartWorker, monitor: WebServer
) -> None:
    with hanging() as (url, taken):
        start_worker(**LOCAL)
        stuck = [run(engine, "true", url) for _ in range(6)]
        for made in stuck:
            assert ended(engine, made).state == "succeeded"
        eventually(lambda: taken() >= 2)
        begun = time.monotonic()
        made = run(engine, "true", monitor.url)
        assert ended(engine, made).state == "succeeded"
        assert paths(monitor, 2) == ["/ping/x/start", "/ping/x"]
        assert time.monotonic() - begun < 4  # and the other one hangs for 5 s at each try
        assert taken() == 2


def test_a_worker_sends_what_waits_before_it_ends(
    engine: Engine, start_worker: StartWorker
) -> None:
    def slowly(_: ReceivedRequest) -> Answer:
        threading.Event().wait(0.5)
        return Answer(200)

    with web_server(slowly) as monitor:
        worker = start_worker(**LOCAL)
        made = run(engine, "true", monitor.url)
        assert ended(engine, made).state == "succeeded"
        worker.signal(signal.SIGTERM)
        assert worker.end() == 0
        assert paths(monitor, 2) == ["/ping/x/start", "/ping/x"]
