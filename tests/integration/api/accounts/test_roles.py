"""What a member's role allows in a team, call by call; strangers find nothing."""

import uuid
from collections.abc import Mapping

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.integration.api.conftest import Person, register, run_sql

ORDER = ["viewer", "operator", "editor", "owner"]

CALLS = [
    ("viewer", "GET", "/tasks/{task}/"),
    ("viewer", "GET", "/tasks/{task}/runs/"),
    ("viewer", "GET", "/tasks/{task}/ledger/"),
    ("viewer", "GET", "/runs/{run}/"),
    ("viewer", "GET", "/calendars/{calendar}/"),
    ("operator", "POST", "/tasks/{task}/run/"),
    ("operator", "POST", "/tasks/{task}/pause/"),
    ("operator", "POST", "/tasks/{task}/resume/"),
    ("operator", "POST", "/runs/{run}/cancel/"),
    ("operator", "POST", "/runs/{run}/retry/"),
    ("editor", "PATCH", "/tasks/{task}/"),
    ("editor", "PUT", "/tasks/{task}/"),
    ("editor", "PUT", "/calendars/{calendar}/"),
    ("editor", "PATCH", "/concurrency/{limit}/"),
    ("editor", "DELETE", "/concurrency/{limit}/"),
    ("editor", "DELETE", "/calendars/{calendar}/"),
    ("editor", "DELETE", "/tasks/{task}/"),
]
"""The least role for each call, as the interface has it."""

BODIES: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("PATCH", "/tasks/{task}/"): {"name": "new"},
    ("PUT", "/tasks/{task}/"): {"command": "true"},
    ("PUT", "/calendars/{calendar}/"): {"name": "days", "timezone": "UTC"},
    ("PATCH", "/concurrency/{limit}/"): {"max_concurrent": 3},
}


@pytest.fixture
def ids(anna: Person) -> dict[str, str]:
    """What Anna has in her team: one of each kind."""
    task = anna.task()["id"]
    made = {
        "calendar": ("/calendars/", {"name": "days", "timezone": "UTC", "days": ["2030-01-01"]}),
        "limit": ("/concurrency/", {"tag": "db", "max_concurrent": 2}),
    }
    found = {
        kind: anna.post(path, json=body).get_json()["id"] for kind, (path, body) in made.items()
    }
    run = anna.post(f"/tasks/{task}/run/").get_json()["id"]
    return {"task": task, "run": run, **found}


def join(engine: Engine, team: uuid.UUID, person: Person, role: str) -> None:
    """Give a user a role in a team."""
    run_sql(
        engine,
        "INSERT INTO memberships (team_id, user_id, role) VALUES (:team, :user, :role)",
        team=team,
        user=person.id,
        role=role,
    )


@pytest.mark.parametrize("role", ORDER)
def test_a_member_may_call_what_the_role_allows(
    anna: Person, ben: Person, engine: Engine, ids: dict[str, str], role: str
) -> None:
    join(engine, anna.id, ben, role)
    for needed, method, path in CALLS:
        answer = ben.call(method, path.format(**ids), json=BODIES.get((method, path), {}))
        allowed = ORDER.index(role) >= ORDER.index(needed)
        assert (answer.status_code == 403) != allowed, (method, path, answer.get_json())
        assert answer.status_code != 404, (method, path)
        if not allowed:
            sentence = f"This needs the role {needed} in the team anna; you are {role} there."
            assert answer.get_json()["detail"] == sentence


def test_a_refused_call_changes_nothing(
    anna: Person, ben: Person, engine: Engine, ids: dict[str, str]
) -> None:
    join(engine, anna.id, ben, "viewer")
    before = anna.get(f"/tasks/{ids['task']}/").get_json()
    for _, method, path in CALLS[5:]:
        ben.call(method, path.format(**ids), json=BODIES.get((method, path), {}))
    assert anna.get(f"/tasks/{ids['task']}/").get_json() == before


def test_a_member_who_left_finds_nothing(
    anna: Person, ben: Person, engine: Engine, ids: dict[str, str]
) -> None:
    join(engine, anna.id, ben, "owner")
    assert ben.get(f"/tasks/{ids['task']}/").status_code == 200
    run_sql(
        engine, "DELETE FROM memberships WHERE user_id = :id AND team_id = :t", id=ben.id, t=anna.id
    )
    for _, method, path in CALLS:
        assert ben.call(method, path.format(**ids), json={}).status_code == 404, (method, path)


def test_an_endpoint_that_is_not_in_the_table_is_refused(app: Flask) -> None:
    app.add_url_rule("/api/forgotten/", "forgotten", lambda: "secret")
    answer = register(app.test_client(), "anna").get("/forgotten/")
    assert answer.status_code == 403
    assert "secret" not in answer.text
