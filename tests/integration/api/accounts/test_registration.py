"""Who may register, by the setting REGISTRATION, and how operators create users."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.conftest import PASSWORD, settings_for
from tests.support.servers import as_service

PUNCTUAL = str(Path(sys.executable).with_name("punctual"))
Made = Callable[..., Flask]


@pytest.fixture
def made(database_url: str, redis_url: str, namespace: str) -> Iterator[Made]:
    """APIs with a chosen REGISTRATION."""
    apps: list[Flask] = []

    def make(registration: str) -> Flask:
        settings = settings_for(database_url, redis_url, namespace)
        apps.append(create_app(replace(settings, registration=registration)))  # type: ignore[arg-type]
        return apps[-1]

    yield make
    for app in apps:
        release_database(app)


def sent(username: str) -> dict[str, str]:
    return {"username": username, "password": PASSWORD, "email": f"{username}@example.com"}


def test_by_invitation_the_first_user_registers_and_no_other(made: Made) -> None:
    client = made("invite").test_client()
    assert "There are no users yet" in client.get("/register/").text
    assert client.post("/api/register/", json=sent("anna")).status_code == 201
    refused = client.post("/api/register/", json=sent("ben"))
    assert refused.status_code == 403
    assert "invitation" in refused.get_json()["detail"]
    assert client.post("/register/", json=sent("ben")).status_code == 403
    assert client.post("/register/", json={"nothing": "usable"}).status_code == 403


def test_only_one_of_many_who_register_at_once_is_the_first(made: Made) -> None:
    app = made("invite")
    names = [f"user-{number}" for number in range(8)]

    def register(username: str) -> int:
        return app.test_client().post("/api/register/", json=sent(username)).status_code

    with ThreadPoolExecutor(len(names)) as pool:
        codes = sorted(pool.map(register, names))
    assert codes == [201] + [403] * 7


def test_a_first_registration_that_fails_leaves_the_place_free(made: Made) -> None:
    client = made("invite").test_client()
    weak = {**sent("anna"), "password": "password"}
    assert client.post("/api/register/", json=weak).status_code == 422
    assert client.post("/api/register/", json=sent("anna")).status_code == 201


@pytest.mark.parametrize("registration", ["closed", "invite"])
def test_pages_offer_no_registration_that_would_be_refused(made: Made, registration: str) -> None:
    if registration == "invite":
        made("open").test_client().post("/api/register/", json=sent("anna"))
    client = made(registration).test_client()
    login = client.get("/login/").text
    assert 'href="/register/' not in login
    page = client.get("/register/")
    assert page.status_code == 403
    assert "Ask an operator" in page.text
    assert 'name="password"' not in page.text
    assert client.get("/dashboard/").status_code == 302


def test_while_registration_is_open_pages_offer_it(made: Made) -> None:
    client = made("open").test_client()
    client.post("/api/register/", json=sent("anna"))
    assert 'href="/register/' in client.get("/login/").text
    assert 'name="password"' in client.get("/register/").text


def test_closed_refuses_the_first_user_too(made: Made) -> None:
    client = made("closed").test_client()
    assert client.post("/api/register/", json=sent("anna")).status_code == 403


def create(database_url: str, *arguments: str, password: str) -> "subprocess.CompletedProcess[str]":
    environ = {"PUNCTUAL_DATABASE_URL": as_service(database_url, "api"), "PATH": "/bin:/usr/bin"}
    command = [PUNCTUAL, "user", "create", *arguments]
    return subprocess.run(
        command, env=environ, input=password, capture_output=True, text=True, check=False
    )


def test_an_operator_creates_users_where_registration_is_closed(
    made: Made, database_url: str
) -> None:
    done = create(database_url, "anna", "--email", "anna@example.com", password=PASSWORD + "\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "created anna\n", "")
    client = made("closed").test_client()
    who = {"username": "anna", "password": PASSWORD}
    token = client.post("/api/login/", json=who).get_json()["token"]
    headers = {"Authorization": f"Token {token}"}
    [event] = client.get("/api/audit/?action=user.create", headers=headers).get_json()["items"]
    assert event["actor"] == {"id": None, "name": "command line", "token_id": None}
    assert event["object"]["name"] == "anna"


@pytest.mark.parametrize(
    ("arguments", "password", "complaint"),
    [
        (["anna", "--email", "anna@example.com"], PASSWORD, "username: already taken."),
        (["ben", "--email", "ben"], PASSWORD, "email: "),
        (["ben", "--email", "ben@example.com"], "short", "password: "),
        (["ben", "--email", "ben@example.com"], "password1", "password: "),
        (["ben", "--email", "ben@example.com"], "", "password: "),
    ],
)
def test_a_user_that_cannot_be_created_is_explained(
    database_url: str, arguments: list[str], password: str, complaint: str
) -> None:
    create(database_url, "anna", "--email", "anna@example.com", password=PASSWORD)
    done = create(database_url, *arguments, password=password)
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint in done.stderr
    assert PASSWORD not in done.stderr
