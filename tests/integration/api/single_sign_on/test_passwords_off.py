"""PASSWORDS=0: users log in at the provider alone, and operators have a way back."""

import pytest
from flask import Flask

from tests.integration.api.accounts.test_user_command import punctual_user
from tests.integration.api.conftest import PASSWORD
from tests.integration.api.single_sign_on.conftest import Browser, MakeApp
from tests.support.identity_provider.provider import IdentityProvider

WHO = {"username": "ann", "password": PASSWORD}


@pytest.fixture
def sign_on(make_app: MakeApp) -> Flask:
    """An API without passwords."""
    return make_app(passwords=False, registration="open")


def test_no_page_asks_for_a_password(browser: Browser) -> None:
    for path in ("/login/", "/register/", "/account/"):
        assert 'type="password"' not in browser.get(path).text
    assert "Log in with Example" in browser.get("/login/").text
    browser.log_in("ann")
    assert 'type="password"' not in browser.account()
    assert "Disconnect" not in browser.account()


def test_no_password_logs_in_registers_or_is_changed(browser: Browser, database_url: str) -> None:
    browser.log_in("ann")
    assert (
        punctual_user(database_url, "reset-password", "ann", typed=f"{PASSWORD}\n").returncode == 0
    )
    browser.here.delete_cookie("punctual_session")
    for path in ("/api/login/", "/login/"):
        answer = browser.here.post(path, json=WHO)
        assert answer.status_code == 403
        assert "Passwords are off" in answer.get_json()["detail"]
    new = {**WHO, "username": "ben", "email": "ben@example.com"}
    for path in ("/api/register/", "/register/"):
        assert browser.here.post(path, json=new).status_code == 403
        assert browser.here.post(path, json={**new, "invite": "x"}).status_code == 403
    browser.log_in("ann")
    token = browser.post("/account/tokens/", of="/account/", token_name="deploy")
    assert "pct_" in token.text
    change = {"current": PASSWORD, "new": "violet tram under seven roofs"}
    assert browser.post("/account/password/", of="/account/", **change).status_code == 403


def test_an_operator_gets_back_in_by_a_password_and_the_setting(
    browser: Browser, make_app: MakeApp, provider: IdentityProvider, database_url: str
) -> None:
    browser.log_in("ann")
    assert (
        punctual_user(database_url, "reset-password", "ann", typed=f"{PASSWORD}\n").returncode == 0
    )
    back = Browser(make_app(passwords=True).test_client(), provider)
    assert back.post("/login/", of="/login/", **WHO).status_code == 302
    assert ", an admin" in back.account()
