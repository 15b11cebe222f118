"""A forgotten password: a link is mailed, opened, and used once."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from tests.integration.api.accounts.test_own_account import browser_of, change_email
from tests.integration.api.conftest import PASSWORD, Person, run_sql
from tests.integration.api.mail.conftest import OWN_URL, Events, MakeApp
from tests.integration.api.tokens.conftest import program
from tests.support.mail_server.server import MailServer

NEW = "violet tram under seven roofs"
ADDRESS = "anna@example.com"


def forget(client: FlaskClient, name: str = ADDRESS, **options: Any) -> TestResponse:
    """Request a link."""
    return client.post("/api/account/reset/", json={"email": name}, **options)


def code_in(mails: MailServer, count: int = 1, to: str = ADDRESS) -> str:
    """The code of the link in a mail."""
    return mails.wait_for(to, count).link("/reset/").split("/")[2]


def use(client: FlaskClient, code: str, password: str = NEW) -> TestResponse:
    """Choose a new password by the API."""
    sent = {"code": code, "password": password}
    return client.post("/api/account/reset/password/", json=sent)


def log_in(client: FlaskClient, password: str) -> int:
    sent = {"username": "anna", "password": password}
    return client.post("/api/login/", json=sent).status_code


@pytest.mark.parametrize("name", [ADDRESS, "anna", "ANNA", " Anna@Example.com "])
def test_a_user_gets_a_link_by_the_address_or_the_username(
    client: FlaskClient, anna: Person, mails: MailServer, name: str
) -> None:
    answer = forget(client, name)
    assert (answer.status_code, answer.data) == (202, b"")
    mail = mails.wait_for(anna.username + "@example.com")
    assert mail.sender == "cron@example.com"
    assert mail.subject == "Choose a new password"
    assert "your account anna" in mail.prose
    assert "from 127.0.0.1" in mail.prose
    assert re.search(r"good for one use, until \d+ \w+ \d{4} at \d\d:\d\d UTC", mail.prose)
    assert f"{OWN_URL}/reset/" in mail.text
    assert use(client, code_in(mails)).status_code == 204


def test_a_new_password_ends_all_sessions_and_tokens_and_the_user_is_notified(
    client: FlaskClient, anna: Person, mails: MailServer, events: Events
) -> None:
    browser, token, of_team = browser_of(anna), program(anna), program(anna, team="anna")
    forget(client)
    assert use(client, code_in(mails)).status_code == 204
    assert anna.get("/tasks/").status_code == 401
    assert token.get("/tasks/").status_code == 401
    assert of_team.get("/tasks/").status_code == 200
    assert browser.get("/dashboard/").status_code == 302
    assert (log_in(client, PASSWORD), log_in(client, NEW)) == (401, 200)
    notice = mails.wait_for(ADDRESS, 2)
    assert notice.subject == "Your password was changed"
    assert "by a link that was mailed to you, from 127.0.0.1" in notice.prose
    assert notice.link("/forgot") == "/forgot/"
    [requested], [done] = events("user.request_reset"), events("user.reset_password")
    assert (requested["actor_id"], requested["account_id"]) == (None, anna.id)
    assert (requested["ip"], bool(requested["request_id"])) == ("127.0.0.1", True)
    assert (done["actor_id"], done["account_id"]) == (anna.id, anna.id)
    assert done["changes"] == {"by": [None, "mail"]}


def test_a_link_is_good_for_one_use(client: FlaskClient, anna: Person, mails: MailServer) -> None:
    forget(client)
    code = code_in(mails)
    assert use(client, code).status_code == 204
    again = use(client, code, "another horse, another staple")
    assert again.status_code == 403
    assert "unknown, used or expired" in again.get_json()["detail"]
    assert log_in(client, NEW) == 200


def test_a_link_is_good_for_an_hour(
    client: FlaskClient, anna: Person, mails: MailServer, engine: Engine
) -> None:
    forget(client)
    code = code_in(mails)
    with engine.connect() as connection:
        life = text("SELECT extract(epoch FROM expires_at - created_at) FROM password_resets")
        assert connection.execute(life).scalar_one() == 3600
    run_sql(engine, "UPDATE password_resets SET expires_at = now()")
    client.get(f"/reset/{code}/")
    assert client.get("/reset/").status_code == 403
    assert use(client, code).status_code == 403
    assert log_in(client, PASSWORD) == 200


def test_a_new_link_ends_the_one_before(
    client: FlaskClient, anna: Person, mails: MailServer
) -> None:
    forget(client)
    first = code_in(mails)
    forget(client)
    second = code_in(mails, 2)
    assert use(client, first).status_code == 403
    assert use(client, second).status_code == 204


def test_of_two_uses_at_the_same_time_one_is_carried_out(
    app: Flask, client: FlaskClient, anna: Person, mails: MailServer, events: Events
) -> None:
    forget(client)
    code = code_in(mails)
    passwords = [f"violet tram under {count} roofs" for count in range(4)]
    with ThreadPoolExecutor(4) as pool:
        used = list(pool.map(lambda each: use(app.test_client(), code, each), passwords))
    assert sorted(answer.status_code for answer in used) == [204, 403, 403, 403]
    [won] = [
        word for word, answer in zip(passwords, used, strict=True) if answer.status_code == 204
    ]
    assert log_in(client, won) == 200
    assert len(events("user.reset_password")) == 1


def test_the_code_is_stored_as_a_hash_alone(
    client: FlaskClient, anna: Person, mails: MailServer, engine: Engine
) -> None:
    forget(client)
    code = code_in(mails)
    with engine.connect() as connection:
        links = connection.execute(text("SELECT * FROM password_resets")).all()
        events = connection.execute(text("SELECT * FROM audit_events")).all()
    assert len(links) == 1
    assert code not in repr([links, events])


@pytest.mark.parametrize("password", ["short", "Password123", "anna@example.com"])
def test_a_weak_password_is_refused_and_the_link_stays_good(
    client: FlaskClient, anna: Person, mails: MailServer, password: str
) -> None:
    forget(client)
    code = code_in(mails)
    weak = use(client, code, password)
    assert weak.status_code == 422
    assert [fault["pointer"] for fault in weak.get_json()["errors"]] == ["/password"]
    assert use(client, code).status_code == 204


def test_a_link_ends_when_the_account_changes(
    client: FlaskClient, anna: Person, ben: Person, mails: MailServer
) -> None:
    forget(client)
    code = code_in(mails)
    assert change_email(anna, "other@example.org").status_code == 200
    assert use(client, code).status_code == 403
    forget(client, "anna")
    code = code_in(mails, to="other@example.org")
    body = {"current": PASSWORD, "new": NEW}
    assert anna.post("/account/password/", json=body).status_code == 204
    assert use(client, code, "another horse, another staple").status_code == 403
    forget(client, "ben")
    code = code_in(mails, to="ben@example.com")
    assert anna.call("PATCH", "/users/ben/", json={"disabled": True}).status_code == 200
    assert anna.call("PATCH", "/users/ben/", json={"disabled": False}).status_code == 200
    assert use(client, code).status_code == 403


def test_a_disabled_user_gets_no_link(
    client: FlaskClient, anna: Person, ben: Person, mails: MailServer, events: Events
) -> None:
    anna.call("PATCH", "/users/ben/", json={"disabled": True})
    assert forget(client, "ben").status_code == 202
    forget(client)
    mails.wait_for(ADDRESS)  # one after another: what came before is done
    assert mails.to("ben@example.com") == []
    assert len(events("user.request_reset")) == 1


def test_a_user_without_a_password_reads_how_to_log_in(
    client: FlaskClient, anna: Person, mails: MailServer, engine: Engine
) -> None:
    run_sql(engine, "UPDATE users SET password_hash = NULL")
    forget(client)
    mail = mails.wait_for(ADDRESS)
    assert mail.subject == "You log in without a password"
    assert mail.link("/") == "/login/"
    assert "/reset/" not in mail.text
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM password_resets")).scalar_one() == 0


@pytest.mark.parametrize("changed", [{"smtp_url": "", "mail_from": ""}, {"passwords": False}])
def test_without_mail_or_passwords_no_link_can_be_requested(
    make_app: MakeApp, mails: MailServer, changed: dict[str, object]
) -> None:
    url = {"smtp_url": f"smtp://127.0.0.1:{mails.port}", **changed}
    client = make_app(**url).test_client()
    assert forget(client).status_code == 403
    assert client.get("/forgot/").status_code == 403
    assert "/forgot/" not in client.get("/login/").text


def test_after_wrong_guesses_the_new_password_opens_at_once(
    client: FlaskClient, anna: Person, mails: MailServer
) -> None:
    assert [log_in(client, "wrong") for _ in range(11)][-1] == 429
    forget(client)
    assert use(client, code_in(mails)).status_code == 204
    assert log_in(client, NEW) == 200
