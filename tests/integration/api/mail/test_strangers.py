"""What a stranger learns and can do by requests for links: as little as possible."""

from time import monotonic

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from punctual_api.http.database import db
from punctual_api.mail.outbox import Job
from tests.integration.api.conftest import Person, register
from tests.integration.api.mail.conftest import Events, MakeApp
from tests.integration.api.mail.test_reset_pages import post
from tests.integration.api.mail.test_resets import ADDRESS, code_in, forget, use
from tests.support.eventually import eventually
from tests.support.mail_server.server import MailServer
from tests.support.raw_server import STALL, Script, raw_server

UNKNOWN = (
    "none@example.com",
    "none",
    "\x7f",
    "a@b",
    "\uff41nna@example.com",
    "anna@example.com,x@y.z",
)


def test_the_answers_are_the_same_for_every_name(
    app: Flask, client: FlaskClient, anna: Person, mails: MailServer
) -> None:
    answers = [forget(client, name) for name in ("anna", ADDRESS, *UNKNOWN)]
    ids = ("X-Request-ID", "Date")
    headers = [{n: v for n, v in each.headers.items() if n not in ids} for each in answers]
    assert {(each.status_code, each.data) for each in answers} == {(202, b"")}
    assert all(each == headers[0] for each in headers)
    browser = app.test_client()
    pages = []
    for name in ("anna", "none@example.com"):
        sent = post(browser, "/forgot/", email=name)
        pages.append((sent.status_code, sent.headers["Location"], sent.data))
    assert pages[0] == pages[1]
    mails.wait_for(ADDRESS, 3)
    assert {mail.recipients[0] for mail in mails.mails} == {ADDRESS}


def test_a_request_reads_no_account_before_its_answer(
    app: Flask, client: FlaskClient, anna: Person
) -> None:
    """So there is no time to measure: what is done is the same, whatever the name."""
    app.extensions["punctual_mailer"].outbox.put = lambda _job: None
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        forget(client, "anna")
        forget(client, "none")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert statements == []


def test_a_letter_is_written_a_while_after_the_answer(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job] = []
    app.extensions["punctual_mailer"].outbox.put = jobs.append
    monkeypatch.undo()  # of the fixture that leaves the delay out
    for count in range(20):
        forget(client, f"user{count}")
    delays = [job.delay_seconds for job in jobs]
    assert len(set(delays)) == 20
    assert all(0.5 <= delay <= 3 for delay in delays)


def test_one_account_gets_three_links_an_hour_and_the_newest_works(
    client: FlaskClient, anna: Person, mails: MailServer, events: Events
) -> None:
    names = ("anna", ADDRESS, "ANNA", "anna", ADDRESS)
    for count, name in enumerate(names):
        place = {"REMOTE_ADDR": f"203.0.113.{count}"}
        assert forget(client, name, environ_overrides=place).status_code == 202
    newest = code_in(mails, 3)
    eventually(lambda: len(events("user.request_reset")) == 3)
    assert use(client, newest).status_code == 204
    mails.wait_for(ADDRESS, 4)  # about the password
    assert len(mails.mails) == 4


def test_one_place_may_request_twenty_in_a_quarter_of_an_hour(
    client: FlaskClient, mails: MailServer
) -> None:
    answers = [forget(client, f"user{count}") for count in range(21)]
    assert [answer.status_code for answer in answers[:20]] == [202] * 20
    assert answers[20].status_code == 429
    assert 0 < int(answers[20].headers["Retry-After"]) <= 901
    page = post(client, "/forgot/", email="other")
    assert page.status_code == 429
    assert page.headers["Retry-After"]
    assert "Too many requests for a new password" in page.text
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert forget(client, environ_overrides=elsewhere).status_code == 202


def test_a_guessed_code_opens_nothing(client: FlaskClient, anna: Person) -> None:
    for code in ("x", "x" * 43, "ü" * 43, "' OR 1=1 --", "%00"):
        assert use(client, code).status_code == 403
    assert use(client, "").status_code == 422
    assert use(client, "x" * 201).status_code == 422
    assert use(client, "\x00").status_code == 422


def test_a_mail_server_that_is_silent_delays_no_answer(make_app: MakeApp) -> None:
    with raw_server(Script([b""], end=STALL, read=False)) as silent:
        client = make_app(f"smtp://127.0.0.1:{silent.port}?timeout=60").test_client()
        register(client, "anna")
        began = monotonic()
        assert forget(client, "anna").status_code == 202
        assert monotonic() - began < 30
