"""Errors: always problem+json under /api, always explained, never a stack trace."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from punctual.store.processes.coordinators import register as register_coordinator
from punctual_api.app import create_app
from punctual_api.http.database import release_database
from punctual_api.http.problem_kinds import KINDS
from punctual_devstack.ports import free_port
from tests.integration.api.conftest import Person, run_sql, settings_for
from tests.support.rows import database_now, new_run, new_task
from tests.support.steps import change_run, claim_run, new_worker, silence

BY_TYPE = {kind.type: kind for kind in KINDS}
FIELDS = {"type", "title", "status", "detail", "instance", "errors", "request_id"}


def assert_problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """It is a whole problem of that status."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = answer.get_json()
    assert set(problem) == FIELDS
    assert problem["status"] == status
    assert problem["detail"]
    assert status in BY_TYPE[problem["type"]].statuses
    assert problem["title"] == BY_TYPE[problem["type"]].title
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    return problem


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"command": "true"', "application/json", 400),
        (b"", "application/json", 400),
        (b'{"command": NaN}', "application/json", 400),
        (b'{"command": "x", "timeout": Infinity}', "application/json", 400),
        (b'{"command": "x", "metadata": {"a": 1e999}}', "application/json", 400),
        (b'{"command": "\xff"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"command=true", "application/x-www-form-urlencoded", 415),
        (b'{"command": "a", "command": "b"}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'"true"', "application/json", 422),
        (b'{"command": "x", "timeout": 1' + b"0" * 400 + b"}", "application/json", 422),
        (
            b'{"command": "x", "metadata": {"a":' + b"[" * 200 + b"]" * 200 + b"}}",
            "application/json",
            422,
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_explained(
    anna: Person, body: bytes, content_type: str, status: int
) -> None:
    for method, path in (("POST", "/tasks/"), ("POST", "/tasks/bulk/")):
        answer = anna.call(method, path, data=body, content_type=content_type)
        assert_problem(answer, status)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b'{"command": "a", "command": "a"}', '"command"'),
        (b'{"command": "a", "env": {"A": "1", "A": "2"}}', '"A"'),
        (b'{"items": [{"command": "a", "\\ud800": 1, "\\ud800": 2}]}', '"\\ud800"'),
    ],
)
def test_a_key_that_is_sent_twice_is_refused_by_name(anna: Person, body: bytes, key: str) -> None:
    for path in ("/tasks/", "/tasks/bulk/", "/login/"):
        answer = anna.post(path, data=body, content_type="application/json")
        assert_problem(answer, 400)
        assert answer.get_json()["detail"] == f"The key {key} appears twice in one object."


@pytest.mark.parametrize("body", [b"[]", b"null", b"7", b'"true"'])
def test_a_body_that_is_no_object_is_refused_with_the_reason(anna: Person, body: bytes) -> None:
    for path in ("/tasks/", "/tasks/bulk/", "/login/"):
        answer = anna.post(path, data=body, content_type="application/json")
        [fault] = assert_problem(answer, 422)["errors"]
        assert fault == {"pointer": "", "detail": "An object is expected."}
    within = anna.post("/tasks/bulk/", json={"items": [7]})
    [fault] = assert_problem(within, 422)["errors"]
    assert fault == {"pointer": "/items/0", "detail": "An object is expected."}


def test_a_body_that_is_too_large_is_refused(anna: Person) -> None:
    body = b'{"command": "' + b"x" * 16 * 1024 * 1024 + b'"}'
    assert_problem(anna.post("/tasks/", data=body, content_type="application/json"), 413)


@pytest.mark.parametrize("path", ["/nothing/", "/tasks/7/", "/runs/not-a-uuid/output/"])
def test_an_unknown_address_is_404(anna: Person, path: str) -> None:
    problem = assert_problem(anna.get(path), 404)
    assert problem["instance"] == f"/api{path}"
    assert problem["detail"].startswith("There is nothing at this address.")


def test_a_wrong_method_is_405_and_names_the_right_ones(anna: Person) -> None:
    answer = anna.call("DELETE", "/tasks/")
    assert_problem(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/tasks", "/tasks/bulk", "/runs", "/register", "/login", "/docs"])
def test_without_its_slash_an_address_is_308_to_it(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(f"/api{path}?limit=1", method=method, json={})
    assert answer.status_code == 308
    assert answer.headers["Location"].endswith(f"/api{path}/?limit=1")
    assert (answer.data, answer.headers.get("Content-Type")) == (b"", None)


def test_an_answer_without_a_body_has_no_type(anna: Person) -> None:
    options = anna.call("OPTIONS", "/tasks/")
    assert (options.status_code, options.data) == (200, b"")
    assert {"GET", "POST"} <= set(options.headers["Allow"].split(", "))
    deleted = anna.call("DELETE", f"/tasks/{anna.task()['id']}/")
    for answer in (options, deleted):
        assert "Content-Type" not in answer.headers


def test_a_sane_request_id_is_kept_and_an_odd_one_replaced(client: FlaskClient) -> None:
    stored = client.get("/healthz", headers={"X-Request-ID": "trace-1.a_b"})
    assert stored.headers["X-Request-ID"] == "trace-1.a_b"
    for odd in ("a b", "<script>", "x" * 129, ""):
        replaced = client.get("/healthz", headers={"X-Request-ID": odd})
        assert replaced.headers["X-Request-ID"] != odd
        assert len(replaced.headers["X-Request-ID"]) == 32


def test_a_bug_is_answered_without_its_trace(anna: Person, engine: Engine) -> None:
    run_sql(engine, "ALTER TABLE attempts RENAME TO hidden")
    try:
        run = anna.post(f"/tasks/{anna.task()['id']}/run/").get_json()
        answer = anna.get(f"/runs/{run['id']}/")
    finally:
        run_sql(engine, "ALTER TABLE hidden RENAME TO attempts")
    problem = assert_problem(answer, 500)
    assert "attempts" not in str(problem)
    assert "Traceback" not in str(problem)


def test_an_error_changes_nothing(anna: Person, engine: Engine) -> None:
    task = anna.task()
    run_sql(engine, "ALTER TABLE runs RENAME TO hidden")
    try:
        assert anna.call("PATCH", f"/tasks/{task['id']}/", json={"name": "x"}).status_code == 500
    finally:
        run_sql(engine, "ALTER TABLE hidden RENAME TO runs")
    assert anna.get(f"/tasks/{task['id']}/").get_json()["version"] == 1


@pytest.fixture
def saving(engine: Engine) -> Iterator[Callable[[str], None]]:
    """Has the database do something as it saves a task, in PL/pgSQL."""

    def does(what: str) -> None:
        body = f"BEGIN {what}; RETURN NEW; END"
        run_sql(engine, f"CREATE FUNCTION trip() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
        trigger = "CREATE CONSTRAINT TRIGGER trip AFTER INSERT ON tasks DEFERRABLE"
        run_sql(engine, f"{trigger} INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trip()")

    yield does
    run_sql(engine, "DROP FUNCTION IF EXISTS trip() CASCADE")


def test_a_task_that_the_database_refuses_is_not_kept_and_costs_no_other(
    anna: Person, engine: Engine, saving: Callable[[str], None]
) -> None:
    run_sql(engine, "ALTER TABLE tasks ADD CONSTRAINT shy CHECK (name <> 'shy') NOT VALID")
    try:
        answer = anna.post("/tasks/", json={"command": "true", "name": "shy"})
    finally:
        run_sql(engine, "ALTER TABLE tasks DROP CONSTRAINT shy")
    assert "nothing was changed" in assert_problem(answer, 500)["detail"]
    saving("RAISE integrity_constraint_violation")
    answer = anna.post("/tasks/", json={"command": "true"})
    assert "nothing was changed" in assert_problem(answer, 500)["detail"]
    run_sql(engine, "DROP FUNCTION trip() CASCADE")
    stored = anna.task(name="kept")
    assert [task["id"] for task in anna.items("/tasks/")] == [stored["id"]]


def test_a_database_lost_in_the_commit_leaves_the_outcome_open_and_says_so(
    anna: Person, saving: Callable[[str], None], engine: Engine
) -> None:
    saving("PERFORM pg_terminate_backend(pg_backend_pid())")
    answer = anna.post("/tasks/", json={"command": "true"})
    assert "before it said whether" in assert_problem(answer, 503)["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    run_sql(engine, "DROP FUNCTION trip() CASCADE")
    assert anna.items("/tasks/") == []
    assert anna.task()["version"] == 1


def test_every_answer_keeps_browsers_careful(client: FlaskClient) -> None:
    for path in ("/api/tasks/", "/api/docs/", "/login/", "/healthz", "/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"]


@pytest.fixture
def cut_off(redis_url: str, namespace: str) -> Iterator[FlaskClient]:
    """A client of an API whose database does not answer."""
    absent = f"postgresql://stranger:hidden@127.0.0.1:{free_port()}/nothing"
    app: Flask = create_app(settings_for(absent, redis_url, namespace))
    yield app.test_client()
    release_database(app)


def test_without_its_database_the_api_asks_to_come_back(cut_off: FlaskClient) -> None:
    answer = cut_off.post("/api/login/", json={"username": "anna", "password": "whatever"})
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert cut_off.get("/healthz").status_code == 200
    assert_problem(cut_off.get("/api/tasks/", headers={"Authorization": "Token x"}), 503)


def test_readiness_names_what_is_missing_without_secrets(
    cut_off: FlaskClient, client: FlaskClient, app: Flask, namespace: str
) -> None:
    answer = cut_off.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "unavailable"
    assert [reason.split(":")[0] for reason in answer.get_json()["reasons"]] == ["database"]
    assert "hidden" not in answer.get_data(as_text=True)
    ready = client.get("/readyz").get_json()
    assert (ready["status"], ready["coordinators"], ready["workers"]) == ("ready", 0, 0)
    settings = replace(
        app.extensions["punctual"], redis_url=f"redis://:hidden@127.0.0.1:{free_port()}/0"
    )
    lonely = create_app(settings)
    without_queue = lonely.test_client().get("/readyz")
    release_database(lonely)
    assert without_queue.status_code == 200
    assert without_queue.get_json()["status"] == "ready"
    assert "queue" in without_queue.get_json()["degraded"]
    assert "hidden" not in without_queue.get_data(as_text=True)


def test_readiness_reports_work_that_does_not_get_on(client: FlaskClient, engine: Engine) -> None:
    worker = new_worker(engine)
    new_coordinator(engine)
    assert "degraded" not in client.get("/readyz").get_json()
    late = database_now(engine) - timedelta(seconds=20)
    new_task(engine, schedule={"every": 60}, next_due_at=late)
    run = new_run(engine, new_task(engine))
    claim_run(engine, run, worker)
    change_run(engine, run, due_at=late)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["degraded"] == ["planning", "starts"]
    assert "claimed" in str(answer.get_json()["reasons"])


def test_readiness_names_services_that_are_silent_for_a_lease(
    client: FlaskClient, engine: Engine
) -> None:
    worker = new_worker(engine)
    new_coordinator(engine)
    run_sql(engine, "UPDATE coordinators SET heartbeat_at = now() - interval '31 s'")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json()["degraded"] == ["coordinators"]
    assert answer.get_json()["reasons"] == [
        "coordinators: no heartbeat for 30 s: nothing new is planned"
    ]
    silence(engine, worker, seconds=31)
    assert client.get("/readyz").get_json()["degraded"] == ["coordinators", "workers"]


def new_coordinator(engine: Engine) -> None:
    """Enter a coordinator whose heartbeat is fresh."""
    with engine.begin() as connection:
        register_coordinator(connection, name="c-1", host="h", pid=1)
