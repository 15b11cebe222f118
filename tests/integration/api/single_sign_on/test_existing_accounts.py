"""Accounts that were there before: connected by their user, never taken by an address alone."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from tests.integration.api.conftest import PASSWORD, Person, app, client, register  # noqa: F401
from tests.integration.api.single_sign_on.conftest import Browser, MakeApp
from tests.support.identity_provider.provider import IdentityProvider

PAGE = "/account/"
CONFIRM = "/account/oidc/confirm/"


def log_in_by_password(browser: Browser, username: str) -> None:
    who = {"username": username, "password": PASSWORD}
    assert browser.post("/login/", of="/login/", **who).status_code == 302


@pytest.fixture
def anna(client: FlaskClient) -> Person:  # noqa: F811
    """A user with a password and the address anna@example.com, who is admin."""
    return register(client, "anna")


@pytest.fixture
def ben(anna: Person, client: FlaskClient) -> Person:  # noqa: F811
    """Another one, who is no admin."""
    return register(client, "ben")


@pytest.fixture
def linking(make_app: MakeApp) -> Flask:
    """An API that links accounts by verified addresses."""
    return make_app(oidc_link_by_email=True)


@pytest.fixture
def stranger(linking: Flask, provider: IdentityProvider) -> Iterator[Browser]:
    """A person whom the provider knows as ben@example.com."""
    provider.set_account("b1", email="Ben@Example.com", email_verified=True)
    yield Browser(linking.test_client(), provider)
    provider.set_account("b1", email="b1@example.com")


def test_a_verified_address_does_not_open_an_account_that_has_it(
    browser: Browser, ben: Person, engine: Engine
) -> None:
    answer = browser.log_in("ben")
    assert answer.status_code == 409
    assert "Log in to it with its password, and connect it with Example" in answer.text
    assert browser.username() is None
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM identities")).scalar_one() == 0


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_never_opens_an_account(
    stranger: Browser, ben: Person, provider: IdentityProvider, verified: object
) -> None:
    provider.set_account("b1", email="ben@example.com", email_verified=verified)
    assert stranger.log_in("b1").status_code == 409
    assert stranger.username() is None


def test_an_address_without_a_statement_in_the_same_document_is_not_verified(
    stranger: Browser, ben: Person, provider: IdentityProvider, make_app: MakeApp
) -> None:
    provider.set_account("b2", email="b2@example.com", email_verified=True)
    groups = make_app(oidc_link_by_email=True, oidc_group_roles='{"sre": {"ops": "viewer"}}')
    thief = Browser(groups.test_client(), provider)
    path = thief.way_back("b2")
    with provider.telling(lambda claims: {**claims, "email": "ben@example.com"}):
        assert thief.get(path).status_code == 409


def test_where_operators_allow_it_a_verified_address_takes_the_account_over_from_its_maker(
    stranger: Browser, ben: Person, anna: Person, provider: IdentityProvider, engine: Engine
) -> None:
    own = ben.post("/tokens/", json={"name": "own"}).get_json()["token"]
    of_team = ben.post("/tokens/", json={"name": "team", "team": "ben"}).get_json()["token"]
    assert (
        ben.post("/teams/ben/members/", json={"username": "anna", "role": "owner"}).status_code
        == 201
    )
    task = ben.task()["id"]
    assert stranger.log_in("b1").status_code == 302
    assert stranger.username() == "ben"
    assert stranger.get(f"/task/{task}/").status_code == 200
    for token in (ben.token, own, of_team):
        headers = {"Authorization": f"Token {token}"}
        assert ben.client.get("/api/tasks/", headers=headers).status_code == 401
    who = {"username": "ben", "password": PASSWORD}
    assert ben.client.post("/api/login/", json=who).status_code == 401
    with engine.connect() as connection:
        members = text(
            "SELECT username FROM memberships AS m JOIN users AS u ON u.id = user_id"
            " WHERE m.team_id = :team"
        )
        assert connection.execute(members, {"team": ben.id}).scalars().all() == ["ben"]
    # The next login is by the subject, whatever the address is by then.
    provider.set_account("b1", email="moved@example.com", email_verified=True)
    again = Browser(stranger.here.application.test_client(), provider)
    assert again.log_in("b1").status_code == 302
    assert again.username() == "ben"


def test_an_admins_account_is_never_linked_by_an_address(
    stranger: Browser, anna: Person, provider: IdentityProvider
) -> None:
    provider.set_account("a1", email="anna@example.com", email_verified=True)
    assert stranger.log_in("a1").status_code == 409


def test_an_account_that_has_an_identity_is_not_linked_to_a_second_one(
    stranger: Browser, ben: Person, provider: IdentityProvider
) -> None:
    assert stranger.log_in("b1").status_code == 302
    provider.set_account("b3", email="ben@example.com", email_verified=True)
    second = Browser(stranger.here.application.test_client(), provider)
    assert second.log_in("b3").status_code == 409


def test_a_user_connects_the_account_with_the_password_and_logs_in_without_it(
    browser: Browser, other_browser: Browser, ben: Person
) -> None:
    log_in_by_password(browser, "ben")
    assert 'href="/account/oidc/">Connect</a>' in browser.account()
    assert browser.log_in("subject-7", "/account/oidc/").headers["Location"] == CONFIRM
    page = browser.get(CONFIRM).text
    assert "subject-7@example.com" in page
    assert other_browser.log_in("subject-7").status_code == 302  # nothing is connected yet
    assert other_browser.username() != "ben"
    other_browser.post("/logout/", of=PAGE)
    wrong = browser.post(CONFIRM, of=CONFIRM, current="not the password")
    assert wrong.status_code == 422
    assert 'id="current-wrong"' in wrong.text


def test_a_connected_account_is_opened_by_the_subject_alone_until_it_is_disconnected(
    browser: Browser, other_browser: Browser, ben: Person
) -> None:
    log_in_by_password(browser, "ben")
    browser.log_in("subject-8", "/account/oidc/")
    assert browser.post(CONFIRM, of=CONFIRM, current=PASSWORD).headers["Location"] == PAGE
    assert "You log in by Example" in browser.account()
    assert other_browser.log_in("subject-8").status_code == 302
    assert other_browser.username() == "ben"
    other_browser.post("/logout/", of=PAGE)
    browser.post("/account/oidc/disconnect/", of=PAGE)
    assert 'href="/account/oidc/">Connect</a>' in browser.account()
    other_browser.log_in("subject-8")
    assert other_browser.username() == "subject-8"


def test_an_identity_of_another_user_cannot_be_connected(
    browser: Browser, other_browser: Browser, ben: Person
) -> None:
    other_browser.log_in("subject-9")
    log_in_by_password(browser, "ben")
    answer = browser.log_in("subject-9", "/account/oidc/")
    assert answer.status_code == 409
    assert "belongs to another user here" in answer.text


def test_a_user_who_has_only_the_provider_cannot_disconnect(browser: Browser) -> None:
    browser.log_in("subject-10")
    assert "Disconnect" not in browser.account()
    refused = browser.post("/account/oidc/disconnect/", of=PAGE)
    assert refused.status_code == 409
    assert "could not log in any more" in refused.text


def test_a_link_that_was_started_by_one_user_connects_no_other(
    browser: Browser, ben: Person, anna: Person
) -> None:
    log_in_by_password(browser, "ben")
    path = browser.way_back("subject-11", "/account/oidc/")
    browser.post("/logout/", of=PAGE)
    log_in_by_password(browser, "anna")
    assert browser.get(path).status_code in {302, 400}
    assert "Connect</a>" in browser.account()
    assert urlsplit(browser.get(CONFIRM).headers["Location"]).path == PAGE


def test_connecting_needs_the_form_of_the_page(browser: Browser, ben: Person) -> None:
    log_in_by_password(browser, "ben")
    browser.log_in("subject-12", "/account/oidc/")
    assert browser.here.post(CONFIRM, data={"current": PASSWORD}).status_code == 400
    assert "Connect</a>" in browser.account()
