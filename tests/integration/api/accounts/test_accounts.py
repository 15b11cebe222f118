"""Registering, logging in and out, and what a token is good for."""

import json
import re
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.api.conftest import PASSWORD, Person, run_sql

NEW: dict[str, Any] = {"username": "Clara", "password": PASSWORD, "email": "clara@example.com"}


def test_a_new_user_is_answered_without_the_password(client: FlaskClient) -> None:
    answer = client.post("/api/register/", json=NEW)
    assert answer.status_code == 201
    assert set(answer.get_json()) == {"id", "username", "email"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"username": "CLARA", "email": "other@example.com"}, "/username"),
        ({"username": "other", "email": "CLARA@example.com"}, "/email"),
    ],
)
def test_names_and_addresses_are_unique_in_any_letter_case(
    client: FlaskClient, change: dict[str, str], pointer: str
) -> None:
    client.post("/api/register/", json=NEW)
    answer = client.post("/api/register/", json={**NEW, **change})
    assert answer.status_code == 409
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ab"),
        ("username", "a" * 65),
        ("username", "anna maria"),
        ("username", "anna\n"),
        ("username", 7),
        ("password", "short"),
        ("password", "Password1"),
        ("password", "clara"),
        ("password", "aaaaaaaaaa"),
        ("password", "with\0nul-inside"),
        ("password", "half \ud800 a character"),
        ("email", "nobody"),
        ("email", "a@b"),
        ("email", "a b@example.com"),
        ("admin", True),
    ],
)
def test_a_bad_registration_is_refused_at_its_place(
    client: FlaskClient, field: str, value: object
) -> None:
    sent = json.dumps({**NEW, field: value})
    answer = client.post("/api/register/", data=sent, content_type="application/json")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [f"/{field}"]


def test_a_password_must_not_be_the_username(client: FlaskClient) -> None:
    sent = {**NEW, "username": "clara.schumann", "password": "Clara.Schumann"}
    assert client.post("/api/register/", json=sent).status_code == 422


def test_a_login_answers_a_token_that_opens_the_api(client: FlaskClient) -> None:
    client.post("/api/register/", json=NEW)
    answer = client.post("/api/login/", json={"username": "clara", "password": PASSWORD})
    assert answer.status_code == 200
    assert set(answer.get_json()) == {"token", "expires_at"}
    token = answer.get_json()["token"]
    for scheme in ("Token", "Bearer", "token"):
        headers = {"Authorization": f"{scheme} {token}"}
        assert client.get("/api/tasks/", headers=headers).status_code == 200


@pytest.mark.parametrize("username", ["Clara", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    client: FlaskClient, username: str
) -> None:
    client.post("/api/register/", json=NEW)
    answer = client.post("/api/login/", json={"username": username, "password": "wrong one"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.get_json()["detail"] == "Unknown username or wrong password."


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Token pt_unknown"}, {"Authorization": "Basic YTpi"}]
)
def test_without_a_valid_token_nothing_opens(client: FlaskClient, header: dict[str, str]) -> None:
    answer = client.get("/api/tasks/", headers=header)
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_a_token_expires(anna: Person, engine: Engine) -> None:
    run_sql(engine, "UPDATE api_tokens SET expires_at = now()")
    assert anna.get("/tasks/").status_code == 401


def test_the_token_itself_is_not_stored(anna: Person, engine: Engine) -> None:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT t::text FROM api_tokens AS t").scalars().all()
    assert len(rows) == 1
    assert anna.token not in rows[0]


def test_logging_out_revokes_the_token(anna: Person) -> None:
    assert anna.post("/logout/").status_code == 204
    assert anna.get("/tasks/").status_code == 401


def test_a_session_cookie_opens_the_pages_and_not_the_api(client: FlaskClient) -> None:
    log_in_by_form(client)
    assert client.get("/dashboard/").status_code == 200
    assert client.get("/api/tasks/").status_code == 401
    assert client.post("/api/tasks/", json={"command": "true"}).status_code == 401


def test_guessing_passwords_is_slowed_down_and_success_is_not_counted(
    client: FlaskClient,
) -> None:
    client.post("/api/register/", json=NEW)
    right = {"username": "Clara", "password": PASSWORD}
    for _ in range(12):
        assert client.post("/api/login/", json=right).status_code == 200
    for _ in range(10):
        wrong = client.post("/api/login/", json={**right, "password": "wrong one"})
        assert wrong.status_code == 401
    refused = client.post("/api/login/", json=right)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 901
    assert refused.content_type == "application/problem+json"
    other = client.post("/api/login/", json={"username": "stranger", "password": "wrong one"})
    assert other.status_code == 401


def csrf_of(client: FlaskClient, path: str) -> str:
    found = re.search(r'csrf_token" value="([^"]+)"', client.get(path).text)
    assert found, path
    return found[1]


def log_in_by_form(client: FlaskClient, path: str = "/login/") -> TestResponse:
    if (
        client.post("/api/login/", json={"username": "clara", "password": PASSWORD}).status_code
        > 400
    ):
        client.post("/api/register/", json=NEW)
    form = {"username": "clara", "password": PASSWORD, "csrf_token": csrf_of(client, path)}
    return client.post(path, data=form)


def test_a_session_ends_at_its_logout_even_for_a_copied_cookie(client: FlaskClient) -> None:
    log_in_by_form(client)
    found = client.get_cookie("punctual_session")
    assert found
    other = client.application.test_client()
    log_in_by_form(other)
    client.post("/logout/", data={"csrf_token": csrf_of(client, "/dashboard/")})
    client.set_cookie("punctual_session", found.value)
    answer = client.get("/dashboard/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/?next=/dashboard/")
    assert other.get("/dashboard/").status_code == 200  # each session ends by itself


def test_a_session_expires_unless_it_is_used(client: FlaskClient, engine: Engine) -> None:
    log_in_by_form(client)
    run_sql(engine, "UPDATE sessions SET expires_at = now() + interval '1 minute'")
    assert client.get("/dashboard/").status_code == 200
    with engine.connect() as connection:
        left = "SELECT expires_at > now() + interval '13 days' FROM sessions"
        assert connection.exec_driver_sql(left).scalar_one()
    run_sql(engine, "UPDATE sessions SET expires_at = now()")
    assert client.get("/dashboard/").status_code == 302


def test_answers_leave_the_cookie_alone_but_renew_it_each_day(client: FlaskClient) -> None:
    log_in_by_form(client)
    client.get("/dashboard/")
    live = {"HX-Request": "true"}
    assert "Set-Cookie" not in client.get("/dashboard/", headers=live).headers
    assert "Set-Cookie" not in client.get("/dashboard/").headers
    with client.session_transaction() as cookie:
        cookie["renewed"] -= 1
    assert "Set-Cookie" not in client.get("/dashboard/", headers=live).headers
    assert "Expires=" in client.get("/dashboard/").headers["Set-Cookie"]
    with client.session_transaction() as cookie:
        cookie["renewed"] -= 7
    assert "Expires=" in client.get("/dashboard/", headers=live).headers["Set-Cookie"]


def test_the_session_itself_is_not_stored(client: FlaskClient, engine: Engine) -> None:
    log_in_by_form(client)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT s::text FROM sessions AS s").scalars().all()
    assert len(rows) == 1
    assert token not in rows[0]


@pytest.mark.parametrize(
    "target",
    [
        *(
            "//[",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "http://evil.example",
            "/\t/x",
        ),
        *("/logout/", "/%6cogout/", "/login/", "/register/", "/login/?next=/logout/", "/nothing/"),
        *("/api/tasks/", "/static/theme.css", "/dashboard/../logout/", "dashboard/", "?x", "#x"),
        *(f"/task/{uuid.UUID(int=1)}/pause/", f"/run/{uuid.UUID(int=1)}/cancel/"),
    ],
)
def test_after_a_login_no_address_leads_away(client: FlaskClient, target: str) -> None:
    answer = log_in_by_form(client, f"/login/?next={quote(target)}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard/")
    assert client.get(f"/login/?next={quote(target)}").headers["Location"] == "/dashboard/"


@pytest.mark.parametrize(
    "target",
    ["/task/create/", f"/run/{uuid.UUID(int=1)}/?a=//b", "/dashboard/?q=a%20b&tag=%C3%A9"],
)
def test_after_a_login_one_comes_to_where_one_was(client: FlaskClient, target: str) -> None:
    assert log_in_by_form(client, f"/login/?next={quote(target)}").headers["Location"] == target


@pytest.mark.parametrize(
    "password",
    ["letmein12", "P@ssw0rd1", "Summer2026", "!!qwerty!!", "Clara.2026", "clara1999", "m0nkey123"],
)
def test_a_password_that_is_guessed_first_is_refused(client: FlaskClient, password: str) -> None:
    answer = client.post("/api/register/", json={**NEW, "password": password})
    assert answer.status_code == 422
    [fault] = answer.get_json()["errors"]
    assert fault["pointer"] == "/password"


@pytest.mark.parametrize(
    "password", ["correct horse battery", "longenough1", "xK9$mPq2vL", "kq7-82-19"]
)
def test_other_passwords_are_accepted(client: FlaskClient, password: str) -> None:
    assert client.post("/api/register/", json={**NEW, "password": password}).status_code == 201


def test_over_https_browsers_must_stay_on_it(client: FlaskClient) -> None:
    log_in_by_form(client)
    plain = client.get("/login/")
    assert "Strict-Transport-Security" not in plain.headers
    safe = client.application.test_client()
    answer = safe.get("/login/", base_url="https://localhost")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-punctual_session=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    health = safe.get("/api/openapi.json", base_url="https://localhost")
    assert "Strict-Transport-Security" in health.headers
