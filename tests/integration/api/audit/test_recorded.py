"""Every endpoint that changes something writes an event, with who, what, when and from where."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from punctual.domain.audit.actions import ACTIONS, CHANGING, Action
from tests.integration.api.audit.walk import NEW_PASSWORD, SECRET_VALUE, Walk
from tests.integration.api.conftest import PASSWORD, Person, register
from tests.integration.api.pages.visitor import Visitor, visit

Event = dict[str, Any]


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, an admin."""
    return register(client, "admin")


@pytest.fixture
def events(engine: Engine) -> Callable[[], list[Event]]:
    """What was recorded since it was last asked."""
    seen: set[uuid.UUID] = set()

    def new() -> list[Event]:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT * FROM audit_events ORDER BY at, id"))
            found = [dict(row) for row in rows.mappings() if row["id"] not in seen]
        seen.update(event["id"] for event in found)
        return found

    new()
    return new


@pytest.fixture
def ann(client: FlaskClient) -> Visitor:
    """A user with a browser and a token."""
    return visit(client)


def test_each_endpoint_that_takes_a_change_has_an_action(app: Flask) -> None:
    changing = {
        rule.endpoint for rule in app.url_map.iter_rules() if (rule.methods or set()) & CHANGING
    }
    assert changing == set(ACTIONS)


OF_NO_ENDPOINT = {Action.USER_LOGIN_FAILED, Action.USER_REQUEST_RESET}
"""A refusal, and what is recorded after the answer."""


def test_each_other_action_has_an_endpoint() -> None:
    assert {*ACTIONS.values()} - {None} == set(Action) - OF_NO_ENDPOINT


IN_BOTH_TEAMS = {"pages.move_task"}
"""A move is recorded in the old team and in the new one."""

OUTAGES = {"outages.backfill_own_outage", "pages.backfill_outage_form"}
"""Tests of outages go through these, as they need one."""
IDENTITIES = {"pages.confirm_identity", "pages.disconnect_identity"}
"""Tests of single sign-on go through these, as they need a provider."""
LINKS = {"pages.retry_by_alert", "pages.snooze_by_alert"}
"""Tests of links in messages go through these, as they need a message."""
RESETS = {"resets.reset_password", "pages.choose_password"}
"""Tests of resets go through these, as they need a mail server."""


def test_each_change_is_recorded_once_with_its_action(
    app: Flask,
    admin: Person,
    ann: Visitor,
    engine: Engine,
    events: Callable[[], list[Event]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    walked, secrets = set(), {PASSWORD, NEW_PASSWORD, SECRET_VALUE}
    for endpoint, send in Walk(app, admin, ann, engine).calls():
        events()
        answer = send()
        assert answer.status_code < 400, (endpoint, answer.text)
        secrets |= secrets_in(answer.text)
        found = events()
        own = [event for event in found if event["action"] == ACTIONS[endpoint]]
        assert len(own) == 1 + (endpoint in IN_BOTH_TEAMS), (endpoint, found)
        assert own[0]["actor_name"], endpoint
        assert own[0]["object_name"] is not None, endpoint
        assert own[0]["ip"] == "127.0.0.1", endpoint
        assert own[0]["request_id"] == answer.headers["X-Request-ID"], endpoint
        walked.add(endpoint)
    missing = (
        {endpoint for endpoint, action in ACTIONS.items() if action}
        - walked
        - OUTAGES
        - IDENTITIES
        - RESETS
        - LINKS
        - {"pages.test_channel_of_installation"}  # as that of a team, and waits 15 s
    )
    assert not missing
    assert "change not recorded" not in caplog.text
    assert len(secrets) == 10
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT e::text FROM audit_events AS e")).scalars().all()
    assert not [secret for secret in secrets if secret in "".join(rows)]


def secrets_in(answer: str) -> set[str]:
    """The tokens of logins, access tokens and codes of invitations that an answer shows."""
    return set(re.findall(r"\bpc?t_[\w-]{20,}|(?<=/invite/)[\w-]{40,}(?=/)", answer))
