"""One's own account: the e-mail address, the password, and the logins that a change ends."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from punctual_api.accounts.passwords import hash_password
from tests.integration.api.accounts.test_accounts import csrf_of
from tests.integration.api.conftest import PASSWORD, Person
from tests.integration.api.tokens.conftest import program
from tests.support.eventually import eventually
from tests.support.locks import waiting

NEW = "violet tram under seven roofs"


def log_in(person: Person, password: str = PASSWORD, **headers: str) -> TestResponse:
    """Another login of that user by the API."""
    sent = {"username": person.username, "password": password}
    return person.client.post("/api/login/", json=sent, headers=headers)


def another_login(person: Person, **headers: str) -> Person:
    """The same user on another machine."""
    token = log_in(person, **headers).get_json()["token"]
    return Person(person.client, person.username, token, person.id)


def browser_of(person: Person) -> FlaskClient:
    """The same user on the pages."""
    browser = person.client.application.test_client()
    form = {"username": person.username, "password": PASSWORD}
    data = {**form, "csrf_token": csrf_of(browser, "/login/")}
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}
    assert browser.post("/login/", data=data, headers=agent).status_code == 302
    return browser


def change_email(person: Person, email: str, password: str = PASSWORD) -> TestResponse:
    sent = {"email": email, "current_password": password}
    return person.call("PATCH", "/account/", json=sent)


def change_password(person: Person, current: str = PASSWORD, new: str = NEW) -> TestResponse:
    return person.post("/account/password/", json={"current": current, "new": new})


def test_a_user_reads_the_own_account(anna: Person, ben: Person) -> None:
    own = anna.get("/account/").get_json()
    assert set(own) == {"id", "username", "email", "is_admin", "created_at"}
    assert (own["username"], own["email"], own["is_admin"]) == ("anna", "anna@example.com", True)
    assert ben.get("/account/").get_json()["is_admin"] is False
    assert program(anna, role="viewer").get("/account/").get_json() == own


def test_a_teams_token_has_no_account(anna: Person) -> None:
    answer = program(anna, team="anna").get("/account/")
    assert answer.status_code == 403
    assert answer.get_json()["detail"] == "A team's token has no account. Send a token of a user."


def test_a_user_changes_the_email_address_unless_it_is_taken(anna: Person, ben: Person) -> None:
    changed = change_email(anna, "a@example.org")
    assert (changed.status_code, changed.get_json()["email"]) == (200, "a@example.org")
    taken = change_email(anna, "BEN@example.com")
    assert taken.status_code == 409
    assert [fault["pointer"] for fault in taken.get_json()["errors"]] == ["/email"]
    assert anna.get("/account/").get_json()["email"] == "a@example.org"
    assert anna.call("PATCH", "/account/", json={}).status_code == 200
    assert change_email(ben, "a@b").status_code == 422
    for wrong in ({"username": "b"}, {"is_admin": True}):
        assert ben.call("PATCH", "/account/", json=wrong).status_code == 422


@pytest.mark.parametrize(
    "body", [{}, {"current_password": "wrong one"}, {"current_password": None}]
)
def test_the_email_address_is_not_changed_without_the_current_password(
    anna: Person, body: dict[str, str | None]
) -> None:
    answer = anna.call("PATCH", "/account/", json={"email": "thief@example.org", **body})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["/current_password"]
    assert anna.get("/account/").get_json()["email"] == "anna@example.com"


def test_a_new_password_ends_all_other_logins_and_tokens_of_the_user(
    anna: Person, ben: Person
) -> None:
    other, browser = another_login(anna), browser_of(anna)
    token, of_team = program(anna), program(anna, team="anna")
    assert change_password(anna).status_code == 204
    assert anna.get("/tasks/").status_code == 200
    assert [one["current"] for one in anna.items("/account/sessions/")] == [True]
    assert other.get("/tasks/").status_code == 401
    assert browser.get("/dashboard/").status_code == 302
    assert token.get("/tasks/").status_code == 401
    assert of_team.get("/tasks/").status_code == 200
    assert ben.get("/tasks/").status_code == 200
    assert log_in(anna).status_code == 401
    assert log_in(anna, NEW).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"current": "wrong one", "new": NEW}, "/current"),
        ({"current": PASSWORD, "new": "Password1"}, "/new"),
        ({"current": PASSWORD, "new": "anna@example.com"}, "/new"),
        ({"current": PASSWORD, "new": "short"}, "/new"),
        ({"current": PASSWORD}, "/new"),
        ({"new": NEW}, "/current"),
    ],
)
def test_a_password_is_not_changed_to_a_weak_one_or_by_a_stranger(
    anna: Person, body: dict[str, str], pointer: str
) -> None:
    other = another_login(anna)
    answer = anna.post("/account/password/", json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert other.get("/tasks/").status_code == 200
    assert log_in(anna).status_code == 200


def test_guessing_the_current_password_is_slowed_down_as_a_login_is(anna: Person) -> None:
    for _ in range(5):
        assert change_password(anna, "wrong one").status_code == 422
        assert change_email(anna, "a@example.org", "wrong one").status_code == 422
    for refused in (change_password(anna), change_email(anna, "a@example.org")):
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 901
    guesses = anna.items("/audit/?action=user.login_failed")
    assert [guess["actor"]["name"] for guess in guesses] == ["anna"] * 10
    assert log_in(anna).status_code == 429


def test_logins_are_listed_with_where_they_came_from(anna: Person, ben: Person) -> None:
    browser_of(anna)
    another_login(anna, **{"User-Agent": "curl/8.9.1"})
    found = anna.items("/account/sessions/")
    assert [(one["kind"], one["current"]) for one in found] == [
        ("api", False),
        ("page", False),
        ("api", True),
    ]
    assert found[0]["user_agent"] == "curl/8.9.1"
    assert "Firefox" in found[1]["user_agent"]
    assert {one["ip"] for one in found} == {"127.0.0.1"}
    assert found[2]["last_used_at"] is not None
    assert not any("token" in one for one in found)
    first = anna.get("/account/sessions/?limit=2").get_json()
    rest = anna.get(f"/account/sessions/?limit=2&cursor={first['next_cursor']}").get_json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [one["id"] for one in found]
    assert len(ben.items("/account/sessions/")) == 1


def test_logins_are_ended_one_by_one_or_all_others(anna: Person, ben: Person) -> None:
    other, browser = another_login(anna), browser_of(anna)
    by_kind = {
        one["kind"]: one["id"] for one in anna.items("/account/sessions/") if not one["current"]
    }
    for ended in by_kind.values():
        assert ben.call("DELETE", f"/account/sessions/{ended}/").status_code == 404
    assert other.get("/tasks/").status_code == 200
    assert anna.call("DELETE", f"/account/sessions/{by_kind['page']}/").status_code == 204
    assert browser.get("/dashboard/").status_code == 302
    assert anna.call("DELETE", f"/account/sessions/{by_kind['page']}/").status_code == 404
    again, token = browser_of(anna), program(anna)
    assert anna.call("DELETE", "/account/sessions/").status_code == 204
    assert other.get("/tasks/").status_code == 401
    assert again.get("/dashboard/").status_code == 302
    assert token.get("/tasks/").status_code == anna.get("/tasks/").status_code == 200
    assert ben.get("/tasks/").status_code == 200


@pytest.mark.parametrize("values", [{}, {"team": "anna", "role": "owner"}])
def test_no_access_token_changes_an_account_or_its_logins(
    anna: Person, values: dict[str, str]
) -> None:
    token = program(anna, **values)
    calls: list[tuple[str, str, Any]] = [
        ("PATCH", "/account/", {"email": "a@example.org"}),
        ("POST", "/account/password/", {"current": PASSWORD, "new": NEW}),
        ("GET", "/account/sessions/", None),
        ("DELETE", "/account/sessions/", None),
        ("DELETE", f"/account/sessions/{uuid.uuid4()}/", None),
    ]
    for method, path, body in calls:
        assert token.call(method, path, json=body).status_code == 403, (method, path)


def test_a_login_that_races_with_a_new_password_does_not_survive_it(
    anna: Person, engine: Engine
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as changing:
            change = "UPDATE users SET password_hash = :hash WHERE username = 'anna'"
            changing.execute(text(change), {"hash": hash_password(NEW)})
            login = pool.submit(log_in, anna)
            eventually(lambda: waiting(engine) == 1)
        assert login.result().status_code == 401
    assert len(anna.items("/account/sessions/")) == 1
