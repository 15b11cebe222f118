"""A worker makes the requests of tasks under the supervision that commands have."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.store.lifecycle.run_now import run_now
from punctual.store.schema.models import Task
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended
from tests.support.rows import dispatch_all, new_run, new_task
from tests.support.web_server import Answer, WebServer, web_server


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server(lambda request: Answer(int(request.path[1:4]), body=b"done")) as started:
        yield started


def http(url: str) -> dict[str, Any]:
    params = {"method": "POST", "url": url, "headers": {"X-Key": "s3cret"}, "body": "hello"}
    return {**params, "expect": None, "timeout": 5, "follow_redirects": True}


def test_a_run_is_the_request_of_its_task_and_its_status_decides(
    engine: Engine, start_worker: StartWorker, server: WebServer
) -> None:
    start_worker(heartbeat_seconds=0.5, http_allow_private="127.0.0.0/8")
    good = new_run(engine, new_task(engine, command="", http=http(f"{server.url}/200")))
    bad = new_run(engine, new_task(engine, command="", http=http(f"{server.url}/503")))
    dispatch_all(engine)
    assert ended(engine, good).state == "succeeded"
    run = ended(engine, bad)
    assert (run.state, run.exit_code) == ("failed", 22)
    assert run.reason == (
        "answered 503 Service Unavailable, and 200 to 299 was expected (exit code 22)"
    )
    with engine.connect() as connection:
        statement = text("SELECT data FROM outputs WHERE run_id = :id")
        data = bytes(connection.execute(statement, {"id": good}).scalar_one())
    assert data.endswith(b"\n\ndone")
    assert {statement.body for statement in server.requests} == {b"hello"}


def test_a_request_has_the_values_of_its_run(
    engine: Engine, start_worker: StartWorker, server: WebServer
) -> None:
    start_worker(heartbeat_seconds=0.5, http_allow_private="127.0.0.0/8")
    http_request = http(f"{server.url}/200?day=$PARAM_DAY")
    headers = {"X-Day": "$PARAM_DAY"}
    http_request |= {"headers": headers, "body": '{"day": "$PARAM_DAY", "full": ${PARAM_FULL}}'}
    params = [{"name": "day", "type": "string"}, {"name": "full", "type": "boolean"}]
    task_id = new_task(engine, command="", http=http_request, params=params)
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id)
        given = {"day": 'a"b&c', "full": True}
        run_id = run_now(session.connection(), task=task, params=given)
    dispatch_all(engine)
    assert ended(engine, run_id).state == "succeeded"
    [received] = server.requests
    assert received.path == "/200?day=a%22b%26c"
    assert received.headers["X-Day"] == 'a"b&c'
    assert json.loads(received.body) == {"day": 'a"b&c', "full": True}


def test_a_stored_value_that_a_request_cannot_take_fails_the_run_and_is_not_retried(
    engine: Engine, start_worker: StartWorker, server: WebServer
) -> None:
    start_worker(heartbeat_seconds=0.5, http_allow_private="127.0.0.0/8")
    http_request = {**http(f"{server.url}/200"), "headers": {"X-Day": "$PARAM_DAY"}}
    params = [{"name": "day", "type": "string", "default": "a\nX-Admin: yes"}]
    task_id = new_task(engine, command="", http=http_request, params=params, max_retries=3)
    run_id = new_run(engine, task_id)
    dispatch_all(engine)
    run = ended(engine, run_id)
    assert (run.state, run.attempt, server.requests) == ("failed", 1, [])
    assert run.reason.startswith("parameter day: The header X-Day takes one line of")


def test_unless_an_operator_allows_it_nothing_on_this_machine_is_reached(
    engine: Engine, start_worker: StartWorker, server: WebServer
) -> None:
    start_worker(heartbeat_seconds=0.5)
    run_id = new_run(engine, new_task(engine, command="", http=http(f"{server.url}/200")))
    dispatch_all(engine)
    run = ended(engine, run_id)
    assert (run.state, run.exit_code) == ("failed", 9)
    assert run.reason.startswith("refused: 127.0.0.1 is a loopback address")
    assert server.requests == []
