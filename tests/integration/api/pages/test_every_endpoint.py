"""Every endpoint and method, with every role: what domain/access.py says is what is answered."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine

from punctual.domain.access import need_of
from punctual.domain.needs import Need, Of, Who
from punctual.domain.roles import Role
from tests.integration.api.conftest import run_sql, waiting_delivery
from tests.integration.api.pages.visitor import Visitor

MAILBOX = {"name": "mail", "kind": "email", "to": ["ops@example.com"]}
NAMED = {Of.ONE, Of.ONE_OR_INSTALLATION, Of.ALL}


@pytest.fixture
def ids(ann: Visitor, bob: Visitor, engine: Engine) -> dict[str, str]:
    """What Ann's team owns, by the names of arguments of addresses."""
    person = ann.person
    person.post("/teams/", json={"slug": "ops", "name": "Operations"})
    task = person.task(team="ops")["id"]
    limit = {"tag": "db", "max_concurrent": 2, "team": "ops"}
    calendar = {"name": "days", "team": "ops"}
    channel = person.post("/channels/", json=MAILBOX | {"team": "ops"}).get_json()["id"]
    rule = {"channel": channel, "on": ["failed"], "team": "ops"}
    rule_id = person.post("/alerts/", json=rule).get_json()["id"]
    delivery = waiting_delivery(engine, channel)
    return {
        **dict.fromkeys(("channel", "channel_id"), channel),
        **dict.fromkeys(("rule", "rule_id"), rule_id),
        **dict.fromkeys(("delivery", "delivery_id"), delivery),
        "task_id": task,
        "run_id": person.post(f"/tasks/{task}/run/").get_json()["id"],
        "calendar_id": person.post("/calendars/", json=calendar).get_json()["id"],
        "limit_id": person.post("/concurrency/", json=limit).get_json()["id"],
        "outage_id": "01890000-0000-7000-8000-000000000000",
        "token_id": person.post("/tokens/", json={"name": "deploy", "team": "ops"}).get_json()[
            "id"
        ],
        "invite_id": person.post("/invites/", json={"team": "ops"}).get_json()["id"],
        "hook_id": person.post(f"/tasks/{task}/hooks/", json={"name": "ci"}).get_json()["id"],
        "feed": "01890000-0000-7000-8000-000000000000",
        "run": "01890000-0000-7000-8000-000000000000",
        "badge_id": person.post("/badges/", json={"name": "b", "team": "ops"}).get_json()["id"],
        "session_id": "01890000-0000-7000-8000-000000000000",
        "slug": "ops",
        "username": bob.person.username,
        "change": "enable",
        "name": "default",
        "number": "1",
    }


def calls(app: Flask, ids: dict[str, str]) -> Iterator[tuple[Need, str, str]]:
    """Each need with its method and address; what deletes comes last."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            need = need_of(rule.endpoint, method)
            assert need is not None, rule.endpoint
            arguments = {name: ids.get(name, name) for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, arguments, method=method)
            if need.of in NAMED:
                path += "?team=ops"
            found.append((need, method, path))
    return iter(sorted(found, key=lambda call: call[1] == "DELETE"))


def status(visitor: Visitor, method: str, path: str) -> int:
    """The answer to a call, by token below /api; forms are sent without their guard."""
    if path.startswith("/api/"):
        json: dict[str, str] | None = {} if method in {"POST", "PUT", "PATCH"} else None
        path = path.removeprefix("/api")
        return visitor.person.call(method, path, json=json).status_code
    return visitor.browser.open(path, method=method).status_code


@pytest.mark.parametrize("role", Role)
def test_a_member_gets_403_exactly_where_the_role_is_too_low(
    app: Flask, ann: Visitor, bob: Visitor, ids: dict[str, str], engine: Engine, role: Role
) -> None:
    body = {"username": bob.person.username, "role": role.value}
    assert ann.person.post("/teams/ops/members/", json=body).status_code == 201
    order = list(Role)
    refused = 0
    for need, method, path in calls(app, ids):
        if need.who != Who.MEMBER:
            continue
        assert need.role is not None
        too_low = order.index(role) < order.index(need.role)
        answered = status(bob, method, path)
        assert (answered == 403) == too_low, (method, path, answered)
        assert answered < 500, (method, path)
        refused += too_low
        # One of the calls is to leave, another one to be removed.
        run_sql(
            engine,
            "INSERT INTO memberships (team_id, user_id, role) SELECT t.id, u.id, :role"
            " FROM teams AS t, users AS u WHERE t.slug = 'ops' AND u.username = :name"
            " ON CONFLICT (team_id, user_id) DO UPDATE SET role = :role",
            role=role.value,
            name=bob.person.username,
        )
    assert (refused > 60) == (role in {Role.VIEWER, Role.OPERATOR})
    assert (refused == 0) == (role == Role.OWNER)


def test_a_stranger_gets_404_for_each_object_and_422_for_the_name_of_the_team(
    app: Flask, ann: Visitor, bob: Visitor, ids: dict[str, str]
) -> None:
    assert status(ann, "GET", "/team/ops/") == 200
    for need, method, path in calls(app, ids):
        if need.who == Who.MEMBER:
            expected = 404 if need.of == Of.OBJECT else 422
            assert status(bob, method, path) == expected, (method, path)


def test_a_visitor_without_an_account_is_asked_to_log_in(app: Flask, ids: dict[str, str]) -> None:
    client = app.test_client()
    for need, method, path in calls(app, ids):
        if need.who == Who.ANYONE:
            continue
        answer = client.open(path, method=method)
        if path.startswith("/api/"):
            assert answer.status_code == 401, (method, path)
        else:
            assert answer.status_code == 302, (method, path)
            assert answer.headers["Location"].startswith("/login/"), (method, path)


def test_only_an_admin_gets_what_needs_one(
    app: Flask, ann: Visitor, bob: Visitor, ids: dict[str, str]
) -> None:
    found = [call for call in calls(app, ids) if call[0].who == Who.ADMIN]
    assert found
    for _, method, path in found:
        forms = set() if path.startswith("/api/") else {400}  # without its guard
        if path.startswith("/system/alerts/"):
            forms |= {404}  # what is named is a team's
        assert status(ann, method, path) in {200, 422} | forms, (method, path)
        assert status(bob, method, path) == 403, (method, path)
