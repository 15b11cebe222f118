"""Invitations: who makes them, what a code opens, and that it opens it once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.conftest import PASSWORD, Person, register, run_sql, settings_for

SHOWN = {
    *("id", "team", "role", "email", "registers", "created_by", "created_at", "expires_at"),
    *("used_at", "used_by", "open"),
}


@pytest.fixture
def closed_to_strangers(database_url: str, redis_url: str, namespace: str) -> Iterator[Flask]:
    """The same API with REGISTRATION=invite."""
    settings = settings_for(database_url, redis_url, namespace)
    made = create_app(replace(settings, registration="invite"))
    yield made
    release_database(made)


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user."""
    return register(client, "admin")


@pytest.fixture
def ops(anna: Person) -> str:
    """A team that Anna owns."""
    assert anna.post("/teams/", json={"slug": "ops", "name": "Operations"}).status_code == 201
    return "ops"


def invite(person: Person, **values: Any) -> dict[str, Any]:
    """A new invitation as it is answered."""
    answer = person.post("/invites/", json=values)
    assert answer.status_code == 201, answer.json
    document: dict[str, Any] = answer.get_json()
    return document


def registers(app: Flask, username: str, code: str | None) -> TestResponse:
    """A stranger who registers with a code."""
    new = {"username": username, "password": PASSWORD, "email": f"{username}@example.com"}
    return app.test_client().post("/api/register/", json={**new, "invite": code})


def test_an_invitation_is_shown_with_its_code_once_and_stored_as_a_hash(
    admin: Person, engine: Engine
) -> None:
    made = invite(admin, email="new@example.com")
    assert set(made) == SHOWN | {"code", "url", "mail"}
    assert made["url"] == f"http://localhost/invite/{made['code']}/"
    assert (made["team"], made["role"], made["registers"]) == (None, None, True)
    [listed] = admin.items("/invites/")
    assert listed == {key: made[key] for key in SHOWN}
    with engine.connect() as connection:
        row = connection.execute(text("SELECT i::text FROM invites AS i")).scalar_one()
    assert made["code"] not in row


def test_a_stranger_registers_with_the_code_of_an_admin_once(
    closed_to_strangers: Flask, admin: Person
) -> None:
    code = invite(admin)["code"]
    assert registers(closed_to_strangers, "ben", None).status_code == 403
    assert registers(closed_to_strangers, "ben", "unknown").status_code == 403
    assert registers(closed_to_strangers, "ben", code).status_code == 201
    again = registers(closed_to_strangers, "cleo", code)
    assert again.status_code == 403
    assert [fault["pointer"] for fault in again.get_json()["errors"]] == ["/invite"]
    [used] = admin.items("/invites/")
    assert used["used_by"] == "ben"
    assert used["used_at"] is not None


def test_a_registration_that_fails_leaves_the_invitation_open(
    closed_to_strangers: Flask, admin: Person
) -> None:
    code = invite(admin)["code"]
    assert registers(closed_to_strangers, "admin", code).status_code == 409
    assert registers(closed_to_strangers, "ben", code).status_code == 201


def test_an_invitation_to_a_team_makes_its_user_a_member(
    closed_to_strangers: Flask, admin: Person, anna: Person, ops: str
) -> None:
    code = invite(admin, team=ops, role="operator")["code"]
    assert registers(closed_to_strangers, "ben", code).status_code == 201
    members = {one["username"]: one["role"] for one in anna.items("/teams/ops/members/")}
    assert members == {"anna": "owner", "ben": "operator"}


def test_an_owners_invitation_opens_the_team_but_no_registration(
    closed_to_strangers: Flask, anna: Person, ops: str
) -> None:
    made = invite(anna, team=ops)
    assert (made["role"], made["registers"]) == ("viewer", False)
    refused = registers(closed_to_strangers, "ben", made["code"])
    assert refused.status_code == 403
    assert "for users who have an account" in refused.get_json()["detail"]
    assert registers(anna.client.application, "ben", made["code"]).status_code == 201  # open


def test_an_invitation_is_for_its_address_alone(closed_to_strangers: Flask, admin: Person) -> None:
    code = invite(admin, email="BEN@example.com")["code"]
    wrong = registers(closed_to_strangers, "cleo", code)
    assert wrong.status_code == 403
    assert [fault["pointer"] for fault in wrong.get_json()["errors"]] == ["/email"]
    assert registers(closed_to_strangers, "ben", code).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invites SET expires_at = now()",
        "UPDATE users SET disabled_at = now() WHERE username = 'admin'",
        "UPDATE users SET is_admin = false WHERE username = 'admin'",
    ],
)
def test_an_invitation_ends_at_its_time_and_with_the_right_to_invite(
    closed_to_strangers: Flask, admin: Person, engine: Engine, change: str
) -> None:
    code = invite(admin)["code"]
    run_sql(engine, change)
    assert registers(closed_to_strangers, "ben", code).status_code == 403


def test_an_ended_invitation_opens_nothing(closed_to_strangers: Flask, admin: Person) -> None:
    made = invite(admin)
    assert admin.call("DELETE", f"/invites/{made['id']}/").status_code == 204
    assert admin.call("DELETE", f"/invites/{made['id']}/").status_code == 404
    assert registers(closed_to_strangers, "ben", made["code"]).status_code == 403


def test_only_admins_invite_to_the_installation_and_only_owners_to_a_team(
    admin: Person, anna: Person, ben: Person, ops: str
) -> None:
    of_all, of_team = invite(admin), invite(anna, team=ops)
    assert anna.post("/invites/", json={}).status_code == 403
    assert anna.get("/invites/").status_code == 403
    assert anna.call("DELETE", f"/invites/{of_all['id']}/").status_code == 404
    assert [one["id"] for one in anna.items("/invites/?team=ops")] == [of_team["id"]]
    assert [one["id"] for one in admin.items("/invites/")] == [of_team["id"], of_all["id"]]
    assert ben.post("/invites/", json={"team": ops}).status_code == 422
    assert ben.call("DELETE", f"/invites/{of_team['id']}/").status_code == 404
    for role in ("viewer", "operator", "editor"):
        anna.post("/teams/ops/members/", json={"username": "ben", "role": role})
        anna.call("PATCH", "/teams/ops/members/ben/", json={"role": role})
        assert ben.post("/invites/", json={"team": ops}).status_code == 403
        assert ben.get("/invites/?team=ops").status_code == 403
        assert ben.call("DELETE", f"/invites/{of_team['id']}/").status_code == 403


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"role": "editor"}, "/role"),
        ({"team": "ops", "role": "king"}, "/role"),
        ({"team": "nowhere"}, "/team"),
        ({"email": "a@b"}, "/email"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"uses": 3}, "/uses"),
    ],
)
def test_a_bad_invitation_is_refused_at_its_place(
    admin: Person, ops: str, body: dict[str, Any], pointer: str
) -> None:
    answer = admin.post("/invites/", json=body)
    assert answer.status_code == 422, ops
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


def csrf_of(browser: FlaskClient, path: str) -> str:
    found = re.search(r'csrf_token" value="([^"]+)"', browser.get(path).text)
    assert found, path
    return found[1]


def test_a_visitor_registers_on_the_page_of_the_invitation(
    closed_to_strangers: Flask, admin: Person, anna: Person, ops: str
) -> None:
    code = invite(admin, team=ops)["code"]
    browser = closed_to_strangers.test_client()
    assert "Register</a>" not in browser.get("/login/").text
    opened = browser.get(f"/invite/{code}/")
    assert (opened.status_code, opened.headers["Location"]) == (302, "/invite/")
    html = browser.get("/invite/").text
    assert "Operations" in html
    assert code not in html
    new = {"username": "ben", "password": PASSWORD, "email": "ben@example.com"}
    data = {**new, "csrf_token": csrf_of(browser, "/register/")}
    assert browser.post("/register/", data=data).headers["Location"] == "/dashboard/"
    assert "ben" in [one["username"] for one in anna.items("/teams/ops/members/")]
    used = browser.get("/invite/")
    assert used.status_code == 403
    assert "unknown, used or expired" in used.text


def test_a_user_logs_in_and_joins_the_team(client: FlaskClient, anna: Person, ops: str) -> None:
    code = invite(anna, team=ops, role="editor")["code"]
    register(client, "ben")
    browser = client.application.test_client()
    browser.get(f"/invite/{code}/")
    who = {"username": "ben", "password": PASSWORD}
    path = "/login/?next=/invite/"
    answer = browser.post(path, data={**who, "csrf_token": csrf_of(browser, path)})
    assert answer.headers["Location"] == "/invite/"
    data = {"csrf_token": csrf_of(browser, "/invite/")}
    assert browser.post("/invite/", data=data).headers["Location"] == "/team/ops/"
    assert {one["username"]: one["role"] for one in anna.items("/teams/ops/members/")} == {
        "anna": "owner",
        "ben": "editor",
    }


def test_the_code_of_an_invitation_is_in_no_log_line(
    closed_to_strangers: Flask, admin: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    code = invite(admin)["code"]
    browser = closed_to_strangers.test_client()
    assert browser.get(f"/invite/{code}/").status_code == 302
    assert browser.get(f"/invite/{code}").status_code == 308
    assert browser.get(f"/invite/{code}/x/").status_code == 404
    written = "".join(capsys.readouterr())
    assert written.count("/invite/<secret>/") == 3
    assert code not in written
