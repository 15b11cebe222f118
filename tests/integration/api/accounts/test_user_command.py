"""`punctual user`: what operators do with accounts, with the rights of the API's database role."""

import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.integration.api.audit.test_events import recorded
from tests.integration.api.conftest import PASSWORD, Person
from tests.integration.api.tokens.conftest import program
from tests.support.servers import as_service

PUNCTUAL = str(Path(sys.executable).with_name("punctual"))
NEW = "violet tram under seven roofs"


def punctual_user(
    database_url: str, *arguments: str, typed: str = ""
) -> "subprocess.CompletedProcess[str]":
    """The operator's command, run to its end."""
    return subprocess.run(
        [PUNCTUAL, "user", *arguments],
        env={"PUNCTUAL_DATABASE_URL": as_service(database_url, "api")},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def log_in(client: FlaskClient, username: str, password: str = PASSWORD) -> TestResponse:
    return client.post("/api/login/", json={"username": username, "password": password})


def test_users_are_listed_with_what_an_operator_looks_for(
    database_url: str, anna: Person, ben: Person
) -> None:
    anna.call("PATCH", "/users/ben/", json={"disabled": True})
    done = punctual_user(database_url, "list")
    assert (done.returncode, done.stderr) == (0, "")
    heading, *rows = [line.split() for line in done.stdout.splitlines()]
    assert heading == ["USERNAME", "EMAIL", "ADMIN", "DISABLED", "CREATED"]
    assert [(row[0], row[1], row[2], row[3] == "-") for row in rows] == [
        ("ben", "ben@example.com", "-", False),
        ("anna", "anna@example.com", "yes", True),
    ]
    assert ben.username not in done.stderr


def test_an_operator_disables_and_enables_a_user(
    database_url: str, client: FlaskClient, anna: Person, ben: Person
) -> None:
    token, of_team = program(ben), program(ben, team="ben")
    done = punctual_user(database_url, "disable", "BEN")
    assert (done.returncode, done.stdout, done.stderr) == (0, "disabled ben\n", "")
    assert ben.get("/tasks/").status_code == token.get("/tasks/").status_code == 401
    assert of_team.get("/tasks/").status_code == anna.get("/tasks/").status_code == 200
    assert log_in(client, "ben").status_code == 403
    done = punctual_user(database_url, "enable", "ben")
    assert (done.returncode, done.stdout) == (0, "enabled ben\n")
    assert log_in(client, "ben").status_code == 200


def test_an_operator_makes_an_admin_and_leaves_the_last_one(
    database_url: str, anna: Person, ben: Person
) -> None:
    refused = punctual_user(database_url, "disable", "anna")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "user: disable: not done: anna is the last admin: make another one before.\n"
    )
    done = punctual_user(database_url, "make-admin", "ben")
    assert (done.returncode, done.stdout) == (0, "made ben an admin\n")
    assert ben.get("/users/").status_code == 200
    assert punctual_user(database_url, "disable", "anna").returncode == 0
    assert anna.get("/tasks/").status_code == 401


@pytest.mark.usefixtures("anna")
def test_what_an_operator_does_is_recorded(database_url: str, ben: Person, engine: Engine) -> None:
    for action in ("disable", "enable", "make-admin", "reset-password"):
        assert punctual_user(database_url, action, "BEN", typed=f"{NEW}\n").returncode == 0
    events = recorded(engine, "user.update") + recorded(engine, "user.reset_password")
    assert [event["changes"] for event in events] == [
        {"disabled": [False, True]},
        {"disabled": [True, False]},
        {"is_admin": [False, True]},
        None,
    ]
    for event in events:
        assert (event["actor_id"], event["actor_name"]) == (None, "command line")
        assert (event["object_name"], event["account_id"]) == ("ben", ben.id)
    assert punctual_user(database_url, "disable", "nemo").returncode == 1
    assert punctual_user(database_url, "reset-password", "ben", typed="short\n").returncode == 1
    assert len(recorded(engine, "user.update") + recorded(engine, "user.reset_password")) == 4


def test_an_operator_resets_a_password_which_ends_all_logins_and_tokens(
    database_url: str, client: FlaskClient, anna: Person, ben: Person
) -> None:
    token, of_team = program(ben), program(ben, team="ben")
    done = punctual_user(database_url, "reset-password", "ben", typed=f"{NEW}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "reset the password of ben\n"
    assert ben.get("/tasks/").status_code == token.get("/tasks/").status_code == 401
    assert of_team.get("/tasks/").status_code == anna.get("/tasks/").status_code == 200
    assert log_in(client, "ben").status_code == 401
    assert log_in(client, "ben", NEW).status_code == 200


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("short\n", "password: "),
        ("Password1\n", "password: This password is a common one"),
        ("ben@example.com\n", "password: This password is made of your name"),
    ],
)
def test_a_weak_password_is_not_set_by_an_operator(
    database_url: str, client: FlaskClient, ben: Person, typed: str, reason: str
) -> None:
    done = punctual_user(database_url, "reset-password", "ben", typed=typed)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"user: reset-password: not done: {reason}")
    assert ben.get("/tasks/").status_code == log_in(client, "ben").status_code == 200


@pytest.mark.parametrize("action", ["disable", "enable", "reset-password", "make-admin"])
def test_an_unknown_user_is_named(database_url: str, action: str, anna: Person) -> None:
    done = punctual_user(database_url, action, "nemo", typed=f"{NEW}\n")
    assert done.returncode == 1
    assert done.stderr == (
        f"user: {action}: not done: there is no user nemo; `punctual user list` shows all.\n"
    )
    assert anna.get("/tasks/").status_code == 200
