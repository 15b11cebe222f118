"""What is deleted is recorded with what it was, and found by its id afterwards."""

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.integration.api.audit.test_events import recorded
from tests.integration.api.conftest import Person, register


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, an admin."""
    return register(client, "admin")


def make_team(owner: Person) -> None:
    """A team that can be deleted once its tasks are paused."""
    assert owner.post("/teams/", json={"slug": "ops", "name": "Operations"}).status_code == 201


def test_a_deleted_task_is_recorded_with_its_values_and_without_secrets(
    anna: Person, engine: Engine
) -> None:
    env = {"DB_PASSWORD": "hush", "DAY": "1"}
    task = anna.task(name="nightly", env=env, priority=3, metadata={"by": "me"})
    anna.post(f"/tasks/{task['id']}/pause/")
    assert anna.call("DELETE", f"/tasks/{task['id']}/").status_code == 204
    [event] = recorded(engine, "task.delete")
    assert event["changes"] == {
        "name": ["nightly", None],
        "command": ["echo hello", None],
        "env.DB_PASSWORD": ["••••", None],
        "env.DAY": ["1", None],
        "metadata.by": ["me", None],
        "priority": [3, None],
        "enabled": [False, None],
    }


def test_what_goes_with_a_team_is_recorded_and_read_by_admins_alone(
    admin: Person, anna: Person, engine: Engine
) -> None:
    make_team(anna)
    task = anna.task(team="ops", name="nightly", env={"TOKEN": "hush"})["id"]
    anna.post(f"/tasks/{task}/pause/")
    days = {"name": "days", "timezone": "UTC", "team": "ops"}
    made = {
        "calendar.delete": anna.post("/calendars/", json=days),
        "limit.delete": anna.post(
            "/concurrency/", json={"tag": "db", "max_concurrent": 2, "team": "ops"}
        ),
        "badge.end": anna.post("/badges/", json={"name": "b", "tag": "db", "team": "ops"}),
        "token.end": anna.post("/tokens/", json={"name": "deploy", "team": "ops"}),
        "invite.end": anna.post("/invites/", json={"team": "ops", "role": "viewer"}),
    }
    ids = {"task.delete": task, **{key: one.get_json()["id"] for key, one in made.items()}}
    secret = {"name": "pg", "value": "hush hush", "team": "ops"}
    assert anna.post("/secrets/", json=secret).status_code == 201
    ids["secret.delete"] = recorded(engine, "secret.create")[0]["object_id"]
    assert anna.call("DELETE", "/teams/ops/").status_code == 204
    for action, object_id in ids.items():
        found = admin.items(f"/audit/?object={object_id}")
        assert found[0]["action"] == action
        assert found[0]["actor"]["name"] == "anna"
        assert any(before is not None for before, _ in found[0]["changes"].values()), action
        assert anna.items(f"/audit/?object={object_id}") == []
    [event] = recorded(engine, "team.delete")
    numbers = {f"{action.split('.')[0]}s": [1, None] for action in ids}
    names = {"slug": ["ops", None], "name": ["Operations", None]}
    assert event["changes"] == {**names, "members": [["anna (owner)"], None], **numbers}
    assert "hush" not in json.dumps(admin.items("/audit/"))
    make_team(anna)
    assert [one["action"] for one in anna.items("/audit/?team=ops")] == ["team.create"]


def test_many_tasks_that_go_with_a_team_are_one_event_found_by_each(
    admin: Person, anna: Person, engine: Engine
) -> None:
    make_team(anna)
    items = [{"command": "true"} for _ in range(101)]
    made = anna.post("/tasks/bulk/?team=ops", json={"items": items}).get_json()["ids"]
    for task in made:
        anna.post(f"/tasks/{task}/pause/")
    assert anna.call("DELETE", "/teams/ops/").status_code == 204
    [event] = recorded(engine, "task.delete")
    assert event["changes"] == {"tasks": [101, None]}
    found = admin.items(f"/audit/?object={made[70]}")
    assert [one["action"] for one in found] == ["task.delete", "task.pause", "task.create"]
