"""The API with a real mail server."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from punctual_api.resets import requests
from tests.integration.api.conftest import settings_for
from tests.support.mail_server.server import MailServer, mail_server

OWN_URL = "https://cron.example.com"
SENDER = "Cron <cron@example.com>"

MakeApp = Callable[..., Flask]
Events = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters with links are written without the delay that hides whether there is an account."""
    monkeypatch.setattr(requests, "DELAY_SECONDS", (0.0, 0.0))


@pytest.fixture
def mails() -> Iterator[MailServer]:
    """A server that takes all."""
    with mail_server() as started:
        yield started


@pytest.fixture
def make_app(
    database_url: str, redis_url: str, namespace: str, mails: MailServer
) -> Iterator[MakeApp]:
    """The API by other settings; all that it started ends before the mail server does."""
    made: list[Flask] = []

    def make(smtp_url: str, **changed: Any) -> Flask:
        values = {"smtp_url": smtp_url, "mail_from": SENDER, "public_url": OWN_URL, **changed}
        made.append(create_app(replace(settings_for(database_url, redis_url, namespace), **values)))
        return made[-1]

    yield make
    assert mails.port
    for app in made:
        if mailer := app.extensions["punctual_mailer"]:
            mailer.outbox.stop()
        release_database(app)


@pytest.fixture
def app(make_app: MakeApp, mails: MailServer) -> Flask:
    """The API, which sends by that server."""
    return make_app(f"smtp://127.0.0.1:{mails.port}")


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without an account."""
    return app.test_client()


@pytest.fixture
def events(engine: Engine) -> Events:
    """The events of an action in the audit record, oldest first."""

    def find(action: str) -> list[dict[str, Any]]:
        query = text("SELECT * FROM audit_events WHERE action = :action ORDER BY at, id")
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(query, {"action": action}).mappings()]

    return find
