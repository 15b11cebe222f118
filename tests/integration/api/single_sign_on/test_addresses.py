"""E-mail addresses of users without a password: they follow what is verified at the provider."""

import pytest
from sqlalchemy import Engine

from tests.integration.api.accounts.test_user_command import punctual_user
from tests.integration.api.audit.test_events import recorded
from tests.integration.api.conftest import PASSWORD
from tests.integration.api.single_sign_on.conftest import Browser
from tests.support.identity_provider.provider import IdentityProvider


def moved(browser: Browser, email: object, *, verified: object = True) -> str:
    """Log in once more, with another address at the provider; return the page of the account."""
    browser.provider.set_account("nina", email=email, email_verified=verified)
    browser.here.delete_cookie("punctual_session")
    assert browser.log_in("nina").status_code == 302
    return browser.account()


@pytest.fixture
def nina(browser: Browser, provider: IdentityProvider) -> Browser:
    """A user without a password."""
    provider.set_account("nina", email="nina@example.com", email_verified=True)
    assert browser.log_in("nina").status_code == 302
    return browser


def test_a_verified_address_is_taken_over_at_the_next_login(nina: Browser, engine: Engine) -> None:
    assert "<bdi>nina@example.org</bdi>" in moved(nina, "nina@example.org")
    [event] = recorded(engine, "user.update")
    assert (event["actor_name"], event["object_name"]) == ("nina", "nina")
    assert event["changes"] == {"email": ["nina@example.com", "nina@example.org"]}
    moved(nina, "Nina@Example.org")
    assert len(recorded(engine, "user.update")) == 1


@pytest.mark.parametrize(
    ("email", "verified"),
    [
        ("nina@example.org", False),
        ("nina@example.org", None),
        ("nina@example.org", "true"),
        ("no address", True),
        (None, True),
    ],
)
def test_an_address_that_is_not_verified_or_none_changes_nothing(
    nina: Browser, engine: Engine, email: object, verified: object
) -> None:
    assert "<bdi>nina@example.com</bdi>" in moved(nina, email, verified=verified)
    assert recorded(engine, "user.update") == []


def test_the_address_of_another_user_is_never_taken_over(
    nina: Browser, other_browser: Browser, engine: Engine
) -> None:
    other_browser.log_in("otto")
    assert "<bdi>nina@example.com</bdi>" in moved(nina, "Otto@example.com")
    assert recorded(engine, "user.update") == []


def test_a_user_with_a_password_keeps_the_address_and_changes_it_here(
    nina: Browser, database_url: str
) -> None:
    typed = f"{PASSWORD}\n"
    assert punctual_user(database_url, "reset-password", "nina", typed=typed).returncode == 0
    assert 'value="nina@example.com"' in moved(nina, "nina@example.org")
    form = {"email": "nina@example.net", "current_password": PASSWORD}
    assert nina.post("/account/", of="/account/", **form).status_code == 302
    assert 'value="nina@example.net"' in nina.account()


def test_a_user_without_a_password_reads_why_the_address_cannot_be_changed_here(
    nina: Browser,
) -> None:
    page = nina.account()
    assert "You have no password, so the address follows your account at Example" in page
    assert 'name="email"' not in page
    form = {"email": "nina@example.net", "current_password": PASSWORD}
    refused = nina.post("/account/", of="/account/", **form)
    assert refused.status_code == 422
    assert "ask an operator of this installation for a password" in refused.text
    assert "<bdi>nina@example.com</bdi>" in nina.account()
