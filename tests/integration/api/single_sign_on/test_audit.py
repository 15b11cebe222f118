"""What the audit record says about logins, accounts and teams by single sign-on."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.integration.api.audit.test_events import recorded
from tests.integration.api.conftest import (  # noqa: F401
    PASSWORD,
    Person,
    app,
    client,
    register,
    run_sql,
)
from tests.integration.api.single_sign_on.conftest import Browser, MakeApp
from tests.integration.api.single_sign_on.test_existing_accounts import (
    CONFIRM,
    PAGE,
    anna,  # noqa: F401
    ben,  # noqa: F401
    log_in_by_password,
)
from tests.integration.api.single_sign_on.test_groups import log_in
from tests.support.identity_provider.provider import IdentityProvider

ROLES = {"sre": {"ops": "owner"}, "everyone": {"ops": "viewer"}}


@pytest.fixture(autouse=True)
def nothing_is_forgotten_and_no_subject_recorded(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """After each test: every change has recorded itself, and no event has a subject."""
    yield
    assert "change not recorded" not in caplog.text
    with engine.connect() as connection:
        subjects = connection.execute(text("SELECT subject FROM identities")).scalars().all()
        events = connection.execute(text("SELECT e::text FROM audit_events AS e")).scalars().all()
    long = [subject for subject in subjects if subject.startswith("subject-")]
    assert not [subject for subject in long if subject in "".join(events)]


def known_as(provider: IdentityProvider, subject: str, name: str) -> None:
    """Have the provider call a subject by another name."""
    email = f"{name}@example.com"
    provider.set_account(subject, preferred_username=name, email=email, email_verified=True)


def test_a_first_login_is_recorded_as_a_new_user_and_a_login_by_the_issuer(
    browser: Browser, provider: IdentityProvider, engine: Engine
) -> None:
    known_as(provider, "subject-zoe", "zoe")
    back = browser.way_back("subject-zoe")
    assert browser.get(back).status_code == 302
    [made], [login] = recorded(engine, "user.create"), recorded(engine, "user.login")
    assert (made["actor_name"], made["object_name"]) == ("zoe", "zoe")
    assert made["actor_id"] == made["object_id"] == made["account_id"] == login["actor_id"]
    assert made["changes"] == {
        "email": [None, "zoe@example.com"],
        "is_admin": [None, True],
        "issuer": [None, provider.issuer],
    }
    assert login["changes"] == {"issuer": [None, provider.issuer]}
    assert login["token_id"] is not None
    events = json.dumps([made, login], default=str)
    sent = parse_qs(urlsplit(back).query)
    assert not [value for name in ("code", "state") for value in sent[name] if value in events]


def test_an_account_that_is_connected_and_disconnected_is_recorded_with_the_issuer(
    browser: Browser,
    ben: Person,  # noqa: F811
    provider: IdentityProvider,
    engine: Engine,
) -> None:
    log_in_by_password(browser, "ben")
    browser.log_in("subject-71", "/account/oidc/")
    assert browser.post(CONFIRM, of=CONFIRM, current="not the password").status_code == 422
    assert recorded(engine, "identity.connect") == []
    assert len(recorded(engine, "user.login_failed")) == 1
    assert browser.post(CONFIRM, of=CONFIRM, current=PASSWORD).status_code == 302
    for _ in range(2):
        answer = browser.post("/account/oidc/disconnect/", of=PAGE)
        assert answer.status_code == 302
    [made], [ended] = recorded(engine, "identity.connect"), recorded(engine, "identity.disconnect")
    assert {made["actor_name"], made["object_name"], ended["actor_name"]} == {"ben"}
    assert made["account_id"] == ended["account_id"] == ben.id
    assert made["changes"] == {"issuer": [None, provider.issuer]}
    assert ended["changes"] == {"issuer": [provider.issuer, None]}


def test_an_account_that_is_linked_by_its_address_is_recorded_with_the_members_it_loses(
    make_app: MakeApp,
    anna: Person,  # noqa: F811
    ben: Person,  # noqa: F811
    provider: IdentityProvider,
    engine: Engine,
) -> None:
    member = {"username": "anna", "role": "editor"}
    assert ben.post("/teams/ben/members/", json=member).status_code == 201
    known_as(provider, "subject-72", "ben")
    browser = Browser(make_app(oidc_link_by_email=True).test_client(), provider)
    assert browser.log_in("subject-72").status_code == 302
    [link], [left] = recorded(engine, "identity.connect"), recorded(engine, "member.remove")
    assert (link["actor_id"], link["object_id"], link["account_id"]) == (ben.id,) * 3
    expected = {"issuer": [None, provider.issuer], "by_address": [None, "ben@example.com"]}
    assert link["changes"] == expected
    assert (left["object_id"], left["object_name"]) == (anna.id, "anna")
    assert (left["actor_name"], left["team_slug"]) == ("ben", "ben")
    assert left["changes"] == {"role": ["editor", None]}


def test_memberships_that_groups_give_change_and_take_away_are_recorded_as_done_by_groups(
    make_app: MakeApp, provider: IdentityProvider, engine: Engine
) -> None:
    app = make_app(oidc_group_roles=json.dumps(ROLES))  # noqa: F811
    admin, other = (Browser(app.test_client(), provider) for _ in range(2))
    admin.log_in("ann")
    admin.post("/teams/", of="/teams/", slug="ops", name="ops")
    for groups in (["everyone"], ["everyone"], ["sre"], []):
        log_in(other, "lena", groups)
    found: list[dict[str, Any]] = []
    for action in ("member.add", "member.update", "member.remove"):
        [event] = recorded(engine, action)
        found.append(event["changes"])
        assert event["actor_name"] == "groups (single sign-on)"
        assert (event["actor_id"], event["object_name"]) == (None, "lena")
        assert (event["object_kind"], event["team_slug"]) == ("member", "ops")
    assert found == [
        {"role": [None, "viewer"]},
        {"role": ["viewer", "owner"]},
        {"role": ["owner", None]},
    ]


def test_an_invitation_that_a_first_login_accepts_is_recorded_with_the_new_user(
    browser: Browser,
    anna: Person,  # noqa: F811
    engine: Engine,
) -> None:
    code = anna.post("/invites/", json={"team": "anna", "role": "editor"}).get_json()["code"]
    browser.get(f"/invite/{code}/")
    assert browser.log_in("mia").headers["Location"] == "/team/anna/"
    [used], [member] = recorded(engine, "invite.accept"), recorded(engine, "member.add")
    assert used["actor_name"] == member["actor_name"] == member["object_name"] == "mia"


def test_a_disabled_user_whom_the_provider_logs_in_is_recorded_as_a_failed_login(
    browser: Browser, provider: IdentityProvider, engine: Engine
) -> None:
    browser.log_in("ann")
    run_sql(engine, "UPDATE users SET disabled_at = now()")
    browser.here.delete_cookie("punctual_session")
    for _ in range(25):
        assert browser.log_in("ann").status_code == 403
    events = recorded(engine, "user.login_failed")
    assert len(events) == 20
    assert (events[0]["object_name"], events[0]["account_id"]) == ("ann", events[0]["object_id"])
    assert (events[0]["actor_id"], events[0]["ip"]) == (None, "127.0.0.1")
    reason = {"issuer": [None, provider.issuer], "reason": [None, "user disabled"]}
    assert events[0]["changes"] == reason


def test_a_refused_login_with_the_address_of_an_account_is_recorded_with_that_account(
    browser: Browser,
    ben: Person,  # noqa: F811
    engine: Engine,
) -> None:
    assert browser.log_in("ben").status_code == 409
    [event] = recorded(engine, "user.login_failed")
    assert (event["object_id"], event["changes"]["reason"]) == (ben.id, [None, "email taken"])
    assert recorded(engine, "identity.connect") == []


@pytest.mark.usefixtures("anna")
def test_a_stranger_whom_the_provider_logs_in_is_recorded_without_a_name(
    make_app: MakeApp, provider: IdentityProvider, engine: Engine
) -> None:
    closed: Flask = make_app(registration="closed")
    before: FlaskClient = closed.test_client()
    assert Browser(before, provider).log_in("subject-73").status_code == 403
    [event] = recorded(engine, "user.login_failed")
    assert (event["object_id"], event["object_name"], event["account_id"]) == (None, None, None)
    assert event["changes"]["reason"] == [None, "registration closed"]
