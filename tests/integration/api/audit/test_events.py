"""What an event says, and what writes none."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from punctual.store.driver.engine import make_engine
from punctual_api.accounts.failed_logins import failed_logins
from tests.integration.api.audit.test_recorded import Event
from tests.integration.api.conftest import PASSWORD, Person
from tests.integration.api.pages.visitor import visit
from tests.integration.api.tokens.conftest import program
from tests.support.servers import as_service


def recorded(engine: Engine, action: str) -> list[Event]:
    """The events of an action, oldest first."""
    statement = text("SELECT * FROM audit_events WHERE action = :action ORDER BY at, id")
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(statement, {"action": action}).mappings()]


def test_a_change_has_its_fields_before_and_after(anna: Person, engine: Engine) -> None:
    task = anna.task(name="nightly", priority=3)
    change = {"priority": 9, "env": {"TOKEN": "hush", "DAY": "1"}, "metadata": {"by": "ops"}}
    path = f"/tasks/{task['id']}/"
    headers = {"X-Request-ID": "from-the-client"}
    assert anna.call("PATCH", path, json=change, headers=headers).status_code == 200
    [event] = recorded(engine, "task.update")
    assert event["changes"] == {
        "priority": [3, 9],
        "env.TOKEN": [None, "••••"],
        "env.DAY": [None, "1"],
        "metadata.by": [None, "ops"],
    }
    assert (event["object_kind"], str(event["object_id"])) == ("task", task["id"])
    assert event["object_name"] == "nightly"
    assert (event["actor_id"], event["actor_name"]) == (anna.id, "anna")
    assert (event["team_id"], event["team_slug"]) == (anna.id, "anna")
    assert event["request_id"] == "from-the-client"
    with engine.connect() as connection:
        tokens = connection.execute(text("SELECT id FROM api_tokens")).scalars().all()
    assert tokens == [event["token_id"]]


def test_a_new_task_is_recorded_with_what_was_sent(anna: Person, engine: Engine) -> None:
    anna.task(name="nightly", schedule={"cron": "0 2 * * *", "timezone": "UTC"})
    [event] = recorded(engine, "task.create")
    assert event["changes"] == {
        "name": [None, "nightly"],
        "command": [None, "echo hello"],
        "schedule.cron": [None, "0 2 * * *"],
        "schedule.timezone": [None, "UTC"],
    }


def test_each_task_of_a_bulk_request_is_recorded(anna: Person, engine: Engine) -> None:
    items = [{"command": "true", "name": f"t{n}"} for n in range(100)]
    made = anna.post("/tasks/bulk/", json={"items": items}).get_json()["ids"]
    events = recorded(engine, "task.create")
    assert [str(event["object_id"]) for event in events] == made
    assert events[7]["object_name"] == "t7"
    assert events[7]["changes"]["command"] == [None, "true"]


def test_more_than_100_tasks_of_a_request_are_one_event_found_by_each(anna: Person) -> None:
    items = [{"command": "true"} for _ in range(101)]
    made = anna.post("/tasks/bulk/", json={"items": items}).get_json()["ids"]
    anna.call("PATCH", f"/tasks/{made[70]}/", json={"priority": 7})
    for team in ("", "team=anna&"):
        created = anna.get(f"/audit/?{team}action=task.create").get_json()["items"]
        assert [event["changes"] for event in created] == [{"tasks": [None, 101]}]
        found = anna.get(f"/audit/?{team}object={made[70]}").get_json()["items"]
        assert [event["action"] for event in found] == ["task.update", "task.create"]
        page = anna.get(f"/audit/?{team}object={made[70]}&limit=1").get_json()
        older = anna.get(f"/audit/?{team}object={made[70]}&cursor={page['next_cursor']}").get_json()
        assert [page["items"] + older["items"], older["next_cursor"]] == [found, None]
    lines = anna.get("/audit/?action=task.create&format=jsonl").get_data(as_text=True)
    assert json.loads(lines)["object"]["ids"] == made


def test_a_move_is_recorded_in_both_teams(anna: Person, engine: Engine) -> None:
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    task = anna.task()
    answer = anna.call("PATCH", f"/tasks/{task['id']}/", json={"team": "ops"})
    assert answer.status_code == 200
    events = recorded(engine, "task.update")
    assert [event["team_slug"] for event in events] == ["anna", "ops"]
    assert [event["changes"] for event in events] == [{"team": ["anna", "ops"]}] * 2


def test_a_refused_request_and_a_dry_run_are_not_recorded(anna: Person, engine: Engine) -> None:
    task = anna.task()
    path = f"/tasks/{task['id']}/"
    before = len(recorded(engine, "task.create"))
    assert anna.call("PATCH", path, json={"priority": 77}).status_code == 422
    assert anna.call("PATCH", path, json={}).status_code == 200
    span = {"from": "2026-11-28T00:00:00Z", "to": "2026-11-28T01:00:00Z"}
    assert anna.post(f"{path}backfill/", json=span).status_code == 200
    assert anna.post("/import/crontab/", json={"crontab": "0 2 * * * a"}).status_code == 200
    assert recorded(engine, "task.update") == []
    assert recorded(engine, "task.backfill") == []
    assert len(recorded(engine, "task.create")) == before


def test_a_repeat_with_its_key_is_not_recorded_again(anna: Person, engine: Engine) -> None:
    for _ in range(2):
        headers = {"Idempotency-Key": "once"}
        anna.post("/tasks/", json={"command": "true"}, headers=headers)
    assert len(recorded(engine, "task.create")) == 1


def test_an_event_names_the_session_that_was_used_as_the_login_does(
    client: FlaskClient, engine: Engine
) -> None:
    ann = visit(client)
    ann.post("/teams/", slug="ops", name="Operations")
    [event] = recorded(engine, "team.create")
    [session] = [one for one in ann.person.items("/account/sessions/") if one["kind"] == "page"]
    assert str(event["token_id"]) == session["id"]
    by_page, by_api = recorded(engine, "user.login")
    assert (by_page["token_id"], by_api["token_id"] is None) == (event["token_id"], False)
    assert by_api["token_id"] != by_page["token_id"]


def test_what_a_teams_token_does_has_the_name_that_no_user_can_have(
    anna: Person, engine: Engine
) -> None:
    program(anna, name="anna", team="anna").task()
    [made], [event] = recorded(engine, "token.create"), recorded(engine, "task.create")
    assert (made["object_kind"], made["object_name"]) == ("token", "anna")
    assert (made["team_id"], made["account_id"]) == (anna.id, None)
    assert (event["actor_id"], event["token_id"]) == (made["object_id"], made["object_id"])
    assert event["actor_name"] == "anna (token)"


def test_a_users_own_token_is_recorded_with_the_account(anna: Person, engine: Engine) -> None:
    token = program(anna, role="viewer")
    assert token.post("/logout/").status_code == 204
    made, ended = recorded(engine, "token.create") + recorded(engine, "token.end")
    assert (made["account_id"], made["team_id"], ended["account_id"]) == (anna.id, None, anna.id)
    assert made["changes"] == {"role": [None, "viewer"]}
    assert ended["object_id"] == made["object_id"] == ended["token_id"]
    assert recorded(engine, "user.logout") == []


def test_who_joins_by_an_invitation_is_recorded_as_a_new_member(
    anna: Person, client: FlaskClient, engine: Engine
) -> None:
    code = anna.post("/invites/", json={"team": "anna", "role": "editor"}).get_json()["code"]
    new = {"username": "ben", "password": PASSWORD, "email": "ben@example.com", "invite": code}
    assert client.post("/api/register/", json=new).status_code == 201
    [invite], [used] = recorded(engine, "invite.create"), recorded(engine, "invite.accept")
    [member] = recorded(engine, "member.add")
    assert used["object_id"] == invite["object_id"]
    assert used["actor_name"] == member["actor_name"] == member["object_name"] == "ben"
    assert {event["team_slug"] for event in (invite, used, member)} == {"anna"}
    assert member["changes"] == {"role": [None, "editor"]}


def test_each_token_that_ends_with_all_is_recorded(anna: Person, engine: Engine) -> None:
    assert anna.call("DELETE", "/tokens/").status_code == 204
    assert anna.call("DELETE", "/account/sessions/").status_code == 204
    assert anna.call("PATCH", "/account/", json={}).status_code == 200
    assert recorded(engine, "token.end") + recorded(engine, "session.end") == []
    for name in ("laptop", "phone"):
        program(anna, name=name)
    assert anna.call("DELETE", "/tokens/").status_code == 204
    assert {event["object_name"] for event in recorded(engine, "token.end")} == {"laptop", "phone"}
    assert recorded(engine, "user.update") == []


def test_a_failed_login_is_recorded_though_it_is_refused(
    client: FlaskClient, anna: Person, engine: Engine
) -> None:
    wrong = {"username": "Anna", "password": "wrong wrong wrong"}
    assert client.post("/api/login/", json=wrong).status_code == 401
    assert client.post("/login/", json=wrong).status_code == 401
    events = recorded(engine, "user.login_failed")
    assert [event["object_name"] for event in events] == ["anna", "anna"]
    assert [event["object_id"] for event in events] == [anna.id] * 2
    assert [event["actor_id"] for event in events] == [None, None]
    assert events[0]["ip"] == "127.0.0.1"
    assert events[0]["changes"] is None


def test_a_failed_login_with_an_unknown_name_does_not_record_what_was_typed(
    app: Flask, client: FlaskClient, engine: Engine
) -> None:
    wrong = {"username": "hunter2hunter2", "password": PASSWORD}
    assert client.post("/api/login/", json=wrong).status_code == 401
    [event] = recorded(engine, "user.login_failed")
    assert (event["object_id"], event["object_name"], event["actor_name"]) == (None, None, None)
    with app.app_context():
        while failed_logins().may_record_unknown():
            pass
    assert client.post("/api/login/", json=wrong).status_code == 401
    assert len(recorded(engine, "user.login_failed")) == 1


def test_an_endpoint_that_forgets_is_recorded_by_its_address(
    app: Flask, anna: Person, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = anna.task()
    monkeypatch.setattr("punctual_api.tasks.changes.record", lambda *_, **__: None)
    assert anna.call("PATCH", f"/tasks/{task['id']}/", json={"priority": 1}).status_code == 200
    [event] = recorded(engine, "task.update")
    assert str(event["object_id"]) == task["id"]
    assert (event["actor_id"], event["team_slug"]) == (anna.id, "anna")
    assert event["changes"] is None


@pytest.mark.parametrize(
    ("service", "statement"),
    [
        ("api", "UPDATE audit_events SET actor_name = 'ben'"),
        ("api", "DELETE FROM audit_events"),
        ("api", "TRUNCATE audit_events"),
        ("api", "SELECT prune_audit('0 s', 1000)"),
        ("coordinator", "DELETE FROM audit_events"),
        ("coordinator", "SELECT count(*) FROM audit_events"),
        ("worker", "SELECT count(*) FROM audit_events"),
    ],
)
def test_no_service_may_change_what_is_recorded(
    database_url: str, anna: Person, service: str, statement: str
) -> None:
    assert anna.token
    engine = make_engine(as_service(database_url, service), service="test", size=1)
    with pytest.raises(ProgrammingError, match="permission denied"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
