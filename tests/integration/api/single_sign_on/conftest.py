"""A provider for all tests of a process, the API that uses it, and people with browsers."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.conftest import settings_for
from tests.support.identity_provider.person import log_in_there
from tests.support.identity_provider.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    IdentityProvider,
    identity_provider,
)

HERE = "http://localhost"
CALLBACK = f"{HERE}/login/oidc/callback/"
HTML = {"Accept": "text/html"}

MakeApp = Callable[..., Flask]


@dataclass(frozen=True)
class Browser:
    """A person's browser, at the API in this process and at the provider."""

    here: FlaskClient
    provider: IdentityProvider

    def get(self, path: str) -> TestResponse:
        """A page."""
        return self.here.get(path, headers=HTML)

    def post(self, path: str, *, of: str, **fields: str) -> TestResponse:
        """Sends a form of the page `of`."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(of).text)
        assert found, of
        return self.here.post(path, data={"csrf_token": found[1], **fields}, headers=HTML)

    def way_back(self, name: str, start: str = "/login/oidc/") -> str:
        """Log in at the provider; return the path and query by which it sends the browser back."""
        there = self.get(start)
        assert there.status_code == 302, there.text
        back = urlsplit(log_in_there(there.headers["Location"], name, issuer=self.provider.issuer))
        return f"{back.path}?{back.query}"

    def log_in(self, name: str, start: str = "/login/oidc/") -> TestResponse:
        """Log in at the provider and come back; return the answer to that."""
        return self.get(self.way_back(name, start))

    def account(self) -> str:
        """The page of the account; empty for a visitor who is not logged in."""
        page = self.get("/account/")
        return page.text if page.status_code == 200 else ""

    def username(self) -> str | None:
        """Who is logged in."""
        found = re.search(r"You are <bdi>([^<]+)</bdi>", self.account())
        return None if found is None else found[1]


@pytest.fixture(scope="session")
def _provider_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with identity_provider(tmp_path_factory.mktemp("provider"), [CALLBACK]) as started:
        yield started


@pytest.fixture
def provider(_provider_of_session: IdentityProvider) -> IdentityProvider:
    """A provider whose answers nothing alters yet."""
    _provider_of_session.proxy.rewrite = None
    _provider_of_session.proxy.paths.clear()
    return _provider_of_session


@pytest.fixture
def make_app(
    database_url: str, redis_url: str, namespace: str, provider: IdentityProvider
) -> Iterator[MakeApp]:
    """Makes an API that uses the provider, with more settings if they are given."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Flask:
            usual = {
                "registration": "invite",
                "oidc_issuer": provider.issuer,
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": CLIENT_SECRET,
                "oidc_name": "Example",
                "oidc_scopes": "openid profile email groups",
            }
            chosen = {**usual, **settings}
            made = create_app(replace(settings_for(database_url, redis_url, namespace), **chosen))
            stack.callback(release_database, made)
            return made

        yield make


@pytest.fixture
def sign_on(make_app: MakeApp) -> Flask:
    """An API with the usual settings."""
    return make_app()


@pytest.fixture
def browser(sign_on: Flask, provider: IdentityProvider) -> Browser:
    """A person without an account here."""
    return Browser(sign_on.test_client(), provider)


@pytest.fixture
def other_browser(sign_on: Flask, provider: IdentityProvider) -> Browser:
    """Another one."""
    return Browser(sign_on.test_client(), provider)
