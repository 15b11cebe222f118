"""Hooks of a task: made and ended by editors, and called by whatever has the address."""

import re
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from tests.integration.api.conftest import Person, end_run, register, start_run

DAY = {"name": "day", "type": "choice", "choices": ["monday", "friday"], "default": "monday"}
ROWS = {"name": "rows", "type": "integer"}
FLAG = {"name": "full", "type": "boolean"}


def hook(person: Person, task_id: str, name: str = "build") -> dict[str, Any]:
    """A new hook as it is answered, with the path of its address."""
    answer = person.post(f"/tasks/{task_id}/hooks/", json={"name": name})
    assert answer.status_code == 201, answer.json
    document: dict[str, Any] = answer.get_json()
    return {**document, "path": urlsplit(document["url"]).path}


def call(client: FlaskClient, path: str, **options: Any) -> TestResponse:
    """POST without an account."""
    return client.post(path, **options)


def run_of(person: Person, answer: TestResponse) -> dict[str, Any]:
    """The run of an answer, as its team sees it."""
    assert answer.status_code == 202, answer.json
    run: dict[str, Any] = person.get(f"/runs/{answer.get_json()['id']}/").get_json()
    return run


def test_a_hook_runs_its_task(anna: Person, client: FlaskClient) -> None:
    task = anna.task()["id"]
    made = hook(anna, task, "ci")
    assert re.fullmatch(r"/hooks/pch_[A-Za-z0-9_-]{43}/", made["path"])
    run = run_of(anna, call(client, made["path"]))
    assert (run["task_id"], run["trigger"], run["triggered_by"]) == (task, "manual", "ci (hook)")


def test_its_answer_has_the_state_and_nothing_of_the_command(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    made = hook(anna, anna.task(command="echo very secret", params=[DAY])["id"])
    answer = call(client, made["path"], json={"day": "friday"})
    fields = {"id", "state", "scheduled_for", "started_at", "finished_at", "exit_code"}
    assert set(answer.get_json()) == fields
    assert answer.get_json()["state"] == "scheduled"
    assert answer.headers["Cache-Control"] == "no-store"
    run = answer.get_json()["id"]
    assert answer.headers["Location"] == f"{made['path']}{run}/"
    start_run(engine, run)
    end_run(engine, run, "failed", exit_code=3)
    seen = client.get(answer.headers["Location"]).get_json()
    assert (seen["state"], seen["exit_code"]) == ("failed", 3)


def test_another_run_of_the_task_is_not_shown(anna: Person, client: FlaskClient) -> None:
    task = anna.task(overlap="allow")["id"]
    first, second = hook(anna, task), hook(anna, task)
    by_hand = anna.post(f"/tasks/{task}/run/").get_json()["id"]
    by_first = call(client, first["path"]).get_json()["id"]
    assert client.get(f"{first['path']}{by_first}/").status_code == 200
    assert client.get(f"{first['path']}{by_hand}/").status_code == 404
    assert client.get(f"{second['path']}{by_first}/").status_code == 404


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, {"day": "monday"}),
        ({"json": {}}, {"day": "monday"}),
        ({"json": {"params": {"day": "friday", "rows": 3}}}, {"day": "friday", "rows": 3}),
        ({"json": {"day": "friday", "ref": "refs/heads/main"}}, {"day": "friday"}),
        ({"json": {"params": "of another program", "rows": 1}}, {"day": "monday", "rows": 1}),
        (
            {"data": {"day": "friday", "rows": "7", "full": "true", "channel": "C1"}},
            {"day": "friday", "rows": 7, "full": True},
        ),
    ],
    ids=["nothing", "empty", "params", "foreign object", "foreign params", "form"],
)
def test_values_come_from_the_body(
    anna: Person, client: FlaskClient, sent: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = hook(anna, anna.task(params=[DAY, ROWS, FLAG])["id"])
    assert run_of(anna, call(client, made["path"], **sent))["params"] == expected


@pytest.mark.parametrize(
    ("sent", "status", "pointer"),
    [
        ({"json": {"params": {"week": 1}}}, 422, "/params/week"),
        ({"json": {"day": "sunday"}}, 422, "/params/day"),
        ({"json": {"rows": {"deep": 1}}}, 422, "/params/rows"),
        ({"data": {"rows": "many"}}, 422, "/params/rows"),
        ({"json": [1]}, 422, ""),
        ({"data": "{", "content_type": "application/json"}, 400, None),
        ({"data": '{"day": "friday"}', "content_type": "text/plain"}, 415, None),
        (
            {"data": '{"day": "friday"}', "content_type": "application/x-www-form-urlencoded"},
            415,
            None,
        ),
    ],
    ids=["unknown", "choice", "object", "form", "list", "no JSON", "text", "curl -d"],
)
def test_a_body_that_is_wrong_runs_nothing(
    anna: Person, client: FlaskClient, sent: dict[str, Any], status: int, pointer: str | None
) -> None:
    task = anna.task(params=[DAY, ROWS])["id"]
    answer = call(client, hook(anna, task)["path"], **sent)
    assert answer.status_code == status, answer.json
    assert answer.mimetype == "application/problem+json"
    if pointer is not None:
        assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert anna.items(f"/tasks/{task}/runs/") == []


@pytest.mark.parametrize("body", [{"json": {"rows": 1}}, {"data": {"rows": "1"}}, {}])
def test_a_key_that_comes_again_runs_once(
    anna: Person, client: FlaskClient, body: dict[str, Any]
) -> None:
    task = anna.task(params=[ROWS], overlap="allow")["id"]
    path = hook(anna, task)["path"]
    key = {"Idempotency-Key": "delivery-1"}
    first = call(client, path, headers=key, **body)
    again = call(client, path, headers=key, **body)
    assert first.get_json()["id"] == again.get_json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert call(client, path, headers=key, json={"rows": 2}).status_code == 422
    other = hook(anna, task)["path"]
    assert call(client, other, headers=key, **body).get_json()["id"] != first.get_json()["id"]
    assert len(anna.items(f"/tasks/{task}/runs/")) == 2


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_what_follows_the_address_is_shown_how_to_call_it(
    anna: Person, client: FlaskClient, accept: str
) -> None:
    task = anna.task()["id"]
    answer = client.get(hook(anna, task)["path"], headers={"Accept": accept})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "A hook takes POST" in answer.text
    assert anna.items(f"/tasks/{task}/runs/") == []


def test_a_hook_that_has_ended_is_unknown(anna: Person, client: FlaskClient) -> None:
    task = anna.task()["id"]
    first, second = hook(anna, task, "first"), hook(anna, task, "second")
    names = [one["name"] for one in anna.items(f"/tasks/{task}/hooks/")]
    assert names == ["second", "first"]
    assert anna.call("DELETE", f"/tasks/{task}/hooks/{first['id']}/").status_code == 204
    assert anna.call("DELETE", f"/tasks/{task}/hooks/{first['id']}/").status_code == 404
    assert call(client, first["path"]).status_code == 404
    assert call(client, second["path"]).status_code == 202
    unknown = call(client, f"/hooks/pch_{'x' * 43}/")
    assert unknown.get_json()["detail"] == "There is no such hook."


def test_a_paused_task_is_not_run_by_its_hooks(anna: Person, client: FlaskClient) -> None:
    task = anna.task()["id"]
    path = hook(anna, task)["path"]
    anna.post(f"/tasks/{task}/pause/")
    answer = call(client, path, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.get_json()["detail"][:18]) == (409, "The task is paused")
    anna.post(f"/tasks/{task}/resume/")
    assert call(client, path, headers={"Idempotency-Key": "k"}).status_code == 202


def test_a_deleted_task_is_not_run_by_its_hooks(anna: Person, client: FlaskClient) -> None:
    task = anna.task()["id"]
    path = hook(anna, task)["path"]
    anna.call("DELETE", f"/tasks/{task}/")
    assert call(client, path).status_code == 404


def test_a_hook_stays_with_its_task_that_moves(anna: Person, client: FlaskClient) -> None:
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    task = anna.task()["id"]
    path = hook(anna, task)["path"]
    assert anna.call("PATCH", f"/tasks/{task}/", json={"team": "ops"}).status_code == 200
    assert run_of(anna, call(client, path))["team"] == "ops"


def test_the_token_is_stored_as_a_hash_and_its_use_is_noted(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    task = anna.task()["id"]
    made = hook(anna, task)
    [listed] = anna.items(f"/tasks/{task}/hooks/")
    assert listed["last_used_at"] is None
    assert "url" not in listed
    call(client, made["path"])
    [listed] = anna.items(f"/tasks/{task}/hooks/")
    assert listed["last_used_at"] is not None
    token = made["path"].split("/")[2]
    with engine.connect() as connection:
        [row] = connection.execute(text("SELECT CAST(links AS text) FROM links")).scalars()
    assert token not in row


def test_a_task_has_20_hooks_at_most(anna: Person) -> None:
    task = anna.task()["id"]
    for number in range(20):
        hook(anna, task, f"h{number}")
    answer = anna.post(f"/tasks/{task}/hooks/", json={"name": "more"})
    assert (answer.status_code, "20 hooks" in answer.get_json()["detail"]) == (422, True)


def test_an_events_actor_is_the_hook(anna: Person, client: FlaskClient) -> None:
    task = anna.task(name="nightly")["id"]
    made = hook(anna, task, "ci")
    run = run_of(anna, call(client, made["path"]))["id"]
    anna.call("DELETE", f"/tasks/{task}/hooks/{made['id']}/")
    events = anna.items("/audit/?limit=3")
    assert [(one["action"], one["actor"]["name"], one["object"]["name"]) for one in events] == [
        ("hook.end", "anna", "ci"),
        ("task.run", "ci (hook)", "nightly"),
        ("hook.create", "anna", "ci"),
    ]
    assert events[1]["changes"]["run"] == [None, run]
    assert "pch_" not in str(events)


def test_a_task_of_another_team_has_no_hooks(anna: Person, ben: Person) -> None:
    task, own = anna.task()["id"], ben.task()["id"]
    hers = hook(anna, task)["id"]
    assert ben.post(f"/tasks/{task}/hooks/", json={"name": "x"}).status_code == 404
    assert ben.call("DELETE", f"/tasks/{own}/hooks/{hers}/").status_code == 404
    nothing = uuid.uuid4()
    assert anna.call("DELETE", f"/tasks/{nothing}/hooks/{hers}/").status_code == 404


def test_a_hook_goes_on_when_its_maker_is_disabled(client: FlaskClient) -> None:
    admin, carl = register(client, "admin"), register(client, "carl")
    admin.post("/teams/", json={"slug": "ops", "name": "Operations"})
    admin.post("/teams/ops/members/", json={"username": "carl", "role": "editor"})
    path = hook(carl, admin.task(team="ops")["id"])["path"]
    assert admin.call("PATCH", "/users/carl/", json={"disabled": True}).status_code == 200
    assert call(client, path).status_code == 202
