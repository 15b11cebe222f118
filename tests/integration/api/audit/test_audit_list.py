"""Who reads which events, by the API and on the pages."""

import json
from collections.abc import Iterable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from punctual_api.audit import endpoints
from tests.integration.api.conftest import PASSWORD, Person, register
from tests.integration.api.pages.visitor import Visitor, visit


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, an admin."""
    return register(client, "admin")


@pytest.fixture
def task(anna: Person, ben: Person) -> str:
    """A task in a team where Anna is the owner and Ben is an editor."""
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    anna.post("/teams/ops/members/", json={"username": "ben", "role": "editor"})
    made: str = ben.task(name="nightly", team="ops")["id"]
    return made


def seen(events: Iterable[dict[str, object]]) -> list[object]:
    """The actions of events, newest first."""
    return [event["action"] for event in events]


def test_an_owner_reads_what_members_did_in_the_team(anna: Person, ben: Person, task: str) -> None:
    ben.call("PATCH", f"/tasks/{task}/", json={"priority": 9})
    events = anna.items("/audit/?team=ops")
    assert seen(events) == ["task.update", "task.create", "member.add", "team.create"]
    newest = events[0]
    assert newest["actor"]["name"] == "ben"
    assert newest["object"] == {"kind": "task", "id": task, "name": "nightly"}
    assert newest["changes"] == {"priority": [5, 9]}
    assert (newest["team"], newest["ip"]) == ("ops", "127.0.0.1")


def test_a_member_who_is_no_owner_may_not_read_the_record(
    anna: Person, ben: Person, task: str
) -> None:
    assert ben.get("/audit/?team=ops").status_code == 403
    assert "task.create" not in seen(ben.items("/audit/"))
    assert anna.get("/audit/?team=none").status_code == 422


def test_each_user_reads_the_own_account(
    client: FlaskClient, admin: Person, anna: Person, ben: Person
) -> None:
    wrong = {"username": "anna", "password": "wrong wrong wrong"}
    client.post("/api/login/", json=wrong)
    assert seen(anna.items("/audit/")) == ["user.login_failed", "user.login", "user.create"]
    assert seen(ben.items("/audit/")) == ["user.login", "user.create"]
    admin.call("PATCH", "/users/ben/", json={"is_admin": False, "disabled": True})
    admin.call("PATCH", "/users/ben/", json={"disabled": False})
    known = {"username": "ben", "password": PASSWORD}
    token = client.post("/api/login/", json=known).get_json()["token"]
    back = Person(client, "ben", token, ben.id)
    events = back.items("/audit/?action=user.update")
    assert events[1]["changes"] == {"disabled": [False, True]}
    assert (events[1]["actor"]["name"], events[1]["ip"]) == ("admin", None)


def test_a_users_own_token_is_no_affair_of_the_personal_team(anna: Person, ben: Person) -> None:
    anna.post("/teams/anna/members/", json={"username": "ben", "role": "owner"})
    for values in ({"name": "laptop"}, {"name": "deploy", "team": "anna"}):
        assert anna.post("/tokens/", json=values).status_code == 201
    path = "/audit/?action=token.create"
    assert [event["object"]["name"] for event in anna.items(path)] == ["deploy", "laptop"]
    assert [event["object"]["name"] for event in ben.items(path)] == ["deploy"]
    assert [event["object"]["name"] for event in ben.items(f"{path}&team=anna")] == ["deploy"]


def test_an_admin_reads_everything(admin: Person, anna: Person, task: str) -> None:
    assert {"team.create", "task.create", "user.login"} <= set(seen(admin.items("/audit/")))
    anna.call("DELETE", f"/tasks/{task}/")
    assert anna.call("DELETE", "/teams/ops/").status_code == 204
    assert seen(admin.items("/audit/"))[0] == "team.delete"


def test_filters_combine(anna: Person, ben: Person, task: str) -> None:
    anna.call("PATCH", f"/tasks/{task}/", json={"priority": 1})
    assert seen(anna.items(f"/audit/?object={task}&actor=BEN")) == ["task.create"]
    assert seen(anna.items("/audit/?team=ops&actor=anna&action=task.update")) == ["task.update"]
    token = anna.post("/tokens/", json={"name": "deploy", "team": "ops"}).get_json()
    Person(anna.client, "", token["token"], anna.id).call("DELETE", f"/tasks/{task}/")
    [event] = anna.items(f"/audit/?actor={token['id']}")
    assert (event["action"], event["actor"]["name"]) == ("task.delete", "deploy (token)")
    assert anna.items("/audit/?actor=nemo") == []
    assert anna.items("/audit/?since=2999-01-01T00:00:00Z") == []
    assert anna.items("/audit/?until=2000-01-01T00:00:00Z") == []
    for query in ("action=task.paint", "object=7", "since=today", "cursor=!", "format=csv"):
        assert anna.get(f"/audit/?{query}").status_code == 422, query


def test_pages_follow_by_cursor(anna: Person, task: str) -> None:
    whole = seen(anna.items("/audit/"))
    found, cursor = [], ""
    while cursor is not None:
        answer = anna.get(f"/audit/?limit=2&cursor={cursor}").get_json()
        found += seen(answer["items"])
        cursor = answer["next_cursor"]
    assert found == whole


def test_the_record_is_exported_as_json_lines(
    anna: Person, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "LINES_A_STEP", 2)
    whole = anna.items("/audit/")
    answer = anna.get("/audit/?format=jsonl")
    assert answer.content_type == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == whole
    accepted = anna.get("/audit/", headers={"Accept": "application/x-ndjson"})
    assert accepted.text == answer.text
    monkeypatch.setattr(endpoints, "MOST_LINES", 3)
    *lines, last = map(json.loads, anna.get("/audit/?format=jsonl").text.splitlines())
    assert lines == whole[:3]
    rest = anna.get(f"/audit/?format=jsonl&cursor={last['next_cursor']}").text.splitlines()
    assert json.loads(rest[0]) == whole[3]
    assert anna.get("/audit/?format=jsonl&actor=nemo").text == ""


def test_the_page_of_a_team_shows_its_record(app: Flask, client: FlaskClient) -> None:
    ann: Visitor = visit(client)
    ann.person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    task = ann.person.task(name="<nightly>", team="ops")["id"]
    ann.person.call("PATCH", f"/tasks/{task}/", json={"env": {"TOKEN": "hush", "DAY": "1"}})
    shown = ann.get("/team/ops/audit/").text
    assert "&lt;nightly&gt;" in shown
    assert "env.DAY" in shown
    assert "hush" not in shown
    assert "task.create" in ann.get("/team/ops/audit/?action=task.create").text
    made = ann.person.post("/tokens/", json={"name": "<laptop>"}).get_json()
    Person(client, "", made["token"], ann.person.id).task(team="ops")
    assert "by token <bdi>&lt;laptop&gt;</bdi>" in ann.get("/team/ops/audit/").text
    empty = ann.get("/audit/?action=calendar.delete")
    assert "No such event." in empty.text
    assert ann.get("/audit/?actor=nemo").status_code == 422
    assert ann.get("/audit/?action=x").status_code == 422
    stranger = visit(client)
    assert stranger.get("/team/ops/audit/").status_code == 404
    assert "&lt;nightly&gt;" not in stranger.get("/audit/").text
