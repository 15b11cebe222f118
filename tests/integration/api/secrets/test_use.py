"""Tasks that use secrets: named, looked up when saved, and listed with the secret."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.integration.api.conftest import Person
from tests.integration.api.secrets.conftest import create

PG = {"PGPASSWORD": {"secret": "pg"}}
REQUEST = {
    "url": "https://example.com/hook",
    "method": "POST",
    "headers": {"Authorization": "Bearer ${secret:api}", "X-Key": {"secret": "pg"}},
    "body": '{"token": "${secret:api}"}',
}


def users(person: Person, name: str = "pg") -> list[str]:
    """The names of the tasks that use a secret."""
    [found] = [one for one in person.items("/secrets/") if one["name"] == name]
    return [task["name"] for task in found["used_by"]]


def test_a_task_names_secrets_and_is_answered_as_it_was_sent(anna: Person) -> None:
    create(anna)
    create(anna, name="api")
    env = {**PG, "PLAIN": "x", "FILE": {"secret_file": "db/pg"}}
    first = anna.task(name="dump", env=env)
    assert anna.get(f"/tasks/{first['id']}/").get_json()["env"] == env
    sent = anna.post("/tasks/", json={"name": "hook", "http": REQUEST})
    assert sent.status_code == 201, sent.json
    stored = anna.get(f"/tasks/{sent.get_json()['id']}/").get_json()
    assert stored["http"]["headers"] == REQUEST["headers"]
    assert stored["http"]["body"] == REQUEST["body"]
    assert users(anna) == ["hook", "dump"]
    assert users(anna, "api") == ["hook"]
    put = anna.call("PUT", f"/tasks/{stored['id']}/", json={**stored, "name": "hook 2"})
    assert put.status_code == 200, put.json
    assert users(anna, "api") == ["hook 2"]


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"command": "x", "env": PG}, "/env/PGPASSWORD"),
        ({"command": "x", "env": {"A": {"secret": "PG"}}}, "/env/A"),
        ({"command": "x", "env": {"A": {"secret": "a b"}}}, "/env/A"),
        ({"command": "x", "env": {"A": {"secret": "pg", "b": 1}}}, "/env/A"),
        ({"command": "x", "env": {"A": {"secret_file": "../pg"}}}, "/env/A"),
        ({"command": "x", "env": {f"A{n}": {"secret": "pg"} for n in range(4000)}}, "/env"),
        (
            {"http": {**REQUEST, "headers": {"X": {"secret": "no"}}, "body": None}},
            "/http/headers/X",
        ),
        ({"http": {**REQUEST, "headers": {"X": {"name": "no"}}}}, "/http/headers/X"),
        ({"http": {**REQUEST, "headers": {"X": "${secret:../x}"}}}, "/http/headers/X"),
        ({"http": {**REQUEST, "headers": {}, "body": "${secret:no}"}}, "/http/body"),
        ({"http": {**REQUEST, "headers": {}, "body": {"secret": "no"}}}, "/http/body"),
        ({"http": {**REQUEST, "headers": {}, "body": "${secret: x}"}}, "/http/body"),
        ({"http": {**REQUEST, "url": "https://example.com/${secret:pg}"}}, "/http/url"),
    ],
)
def test_a_secret_that_is_not_there_is_named_at_its_place(
    anna: Person, sent: dict[str, Any], pointer: str
) -> None:
    answer = anna.post("/tasks/", json=sent)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_a_task_sees_only_secrets_of_its_own_team(anna: Person, ben: Person, ops: str) -> None:
    create(anna)
    answer = anna.post("/tasks/", json={"command": "x", "env": PG, "team": ops})
    assert answer.status_code == 422
    create(anna, team=ops)
    task = ben.task(name="by an editor", env=PG, team=ops)
    assert task["env"] == PG
    assert ben.post("/tasks/", json={"command": "x", "env": PG}).status_code == 422


def test_many_tasks_are_saved_all_or_none(anna: Person) -> None:
    create(anna)
    items = [{"command": "true", "env": PG}] * 3
    assert anna.post("/tasks/bulk/", json={"items": items}).status_code == 201
    wrong = [*items, {"command": "true", "env": {"A": {"secret": "no"}}}]
    answer = anna.post("/tasks/bulk/", json={"items": wrong})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/items/3/env/A"
    assert len(users(anna)) == 3


def test_a_change_is_looked_at_where_it_touches_secrets(anna: Person, engine: Engine) -> None:
    create(anna)
    task = anna.task(name="dump", env=PG)
    path = f"/tasks/{task['id']}/"
    refused = anna.call("PATCH", path, json={"env": {"A": {"secret": "no"}}})
    assert refused.status_code == 422
    assert anna.call("DELETE", "/secrets/pg/?force=true").status_code == 204
    assert anna.call("PATCH", path, json={"priority": 7}).status_code == 200
    assert anna.call("PATCH", path, json={"env": PG}).status_code == 422
    create(anna)
    assert users(anna) == ["dump"]
    assert anna.call("PATCH", path, json={"env": {}}).status_code == 200
    assert users(anna) == []
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT secrets, env FROM tasks")).one()
    assert tuple(stored) == (None, {})


def test_a_secret_in_use_is_deleted_only_on_request(anna: Person) -> None:
    create(anna)
    task = anna.task(name="dump", env=PG)
    answer = anna.call("DELETE", "/secrets/pg/")
    assert answer.status_code == 409
    assert answer.get_json()["errors"] == [
        {"pointer": f"/api/tasks/{task['id']}/", "detail": "“dump” uses it."}
    ]
    assert "force=true" in answer.get_json()["detail"]
    assert anna.call("DELETE", f"/tasks/{task['id']}/").status_code == 204
    assert users(anna) == []
    assert anna.call("DELETE", "/secrets/pg/").status_code == 204


def test_a_list_names_twenty_tasks_and_says_that_there_are_more(anna: Person) -> None:
    create(anna)
    items = [{"name": f"t{number}", "command": "x", "env": PG} for number in range(21)]
    anna.post("/tasks/bulk/", json={"items": items})
    [one] = anna.items("/secrets/")
    assert [task["name"] for task in one["used_by"]] == [f"t{n}" for n in range(20, 0, -1)]
    assert one["used_by_more"] is True


def test_a_moved_task_uses_the_secret_of_that_name_in_its_new_team(anna: Person, ops: str) -> None:
    create(anna)
    task = anna.task(name="dump", env=PG)
    path = f"/tasks/{task['id']}/"
    refused = anna.call("PATCH", path, json={"team": ops})
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"] == "/env/PGPASSWORD"
    create(anna, team=ops)
    assert anna.call("PATCH", path, json={"team": ops}).status_code == 200
    secrets = {one["team"]: one["used_by"] for one in anna.items("/secrets/")}
    assert secrets["anna"] == []
    assert [task["name"] for task in secrets["ops"]] == ["dump"]


def test_a_version_is_restored_only_with_the_secrets_that_it_names(anna: Person) -> None:
    create(anna)
    task = anna.task(name="dump", env=PG)
    path = f"/tasks/{task['id']}/"
    assert anna.call("PATCH", path, json={"env": {}}).status_code == 200
    versions = anna.items(f"{path}versions/")
    assert versions[0]["changes"] == {"env.PGPASSWORD": [{"secret": "pg"}, None]}
    assert anna.call("DELETE", "/secrets/pg/").status_code == 204
    assert anna.post(f"{path}versions/1/restore/").status_code == 422
    create(anna)
    restored = anna.post(f"{path}versions/1/restore/")
    assert restored.status_code == 200
    assert restored.get_json()["env"] == PG
    assert users(anna) == ["dump"]


def test_an_export_to_cron_leaves_out_what_needs_a_secret(anna: Person) -> None:
    create(anna)
    anna.task(name="dump", env=PG, schedule={"cron": "0 2 * * *"})
    exported = anna.get("/export/crontab/").text
    assert "# Left out: dump" in exported
    assert "secret" in exported
    assert "PGPASSWORD" not in exported


def test_tasks_are_handed_over_only_to_a_team_with_secrets_of_these_names(
    anna: Person, ben: Person, ops: str
) -> None:
    create(ben)
    ben.task(name="dump", env=PG)
    body = {"team": ops, "dry_run": True}
    report = ben.post("/teams/ben/handover/", json=body).get_json()
    assert "Secret “pg”: ops has none of this name." in report["obstacles"][0]
    refused = ben.post("/teams/ben/handover/", json={"team": ops, "dry_run": False})
    assert refused.status_code == 409
    create(anna, team=ops)
    moved = ben.post("/teams/ben/handover/", json={"team": ops, "dry_run": False})
    assert moved.status_code == 200, moved.json
    assert "Secret “pg”" in moved.get_json()["warnings"][0]
    assert [one["used_by"] for one in ben.items("/secrets/?team=ben")] == [[]]
    [one] = ben.items("/secrets/?team=ops")
    assert [task["name"] for task in one["used_by"]] == ["dump"]
