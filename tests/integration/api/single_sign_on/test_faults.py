"""Answers that prove nothing: each is refused with a plain page, and no one is logged in."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from tests.integration.api.single_sign_on.conftest import CALLBACK, Browser, MakeApp
from tests.support.eventually import eventually
from tests.support.identity_provider.provider import KEY, IdentityProvider, identity_provider

Claims = dict[str, Any]


def refused(browser: Browser, path: str, *, status: int, reason: str, sentence: str) -> None:
    """Assert that the way back leads to a page of the login which explains itself."""
    with capture_logs() as logged:
        answer = browser.get(path)
    assert answer.status_code == status, answer.text
    assert sentence in answer.text
    assert "Log in with Example" in answer.text
    assert browser.username() is None
    [line] = [line for line in logged if line["event"] == "single sign-on failed"]
    assert line["reason"] == reason
    for secret in path.split("=")[1:]:
        assert secret.partition("&")[0] not in answer.text + repr(logged)


@pytest.fixture(autouse=True)
def no_users(engine: Engine) -> Iterator[None]:
    """Nothing that is refused here leaves a user behind."""
    yield
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 0


def test_a_state_of_another_browser_is_refused(browser: Browser, other_browser: Browser) -> None:
    path = browser.way_back("ann")
    other_browser.get("/login/oidc/")
    refused(other_browser, path, status=400, reason="unknown state", sentence="another browser")


def test_a_state_that_never_was_is_refused(browser: Browser, provider: IdentityProvider) -> None:
    browser.get("/login/oidc/")
    path = "/login/oidc/callback/?code=stolencode&state=inventedstate"
    refused(browser, path, status=400, reason="unknown state", sentence="Start again")
    assert "/token" not in provider.proxy.paths


def test_a_login_takes_fifteen_minutes_at_most(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("punctual_api.single_sign_on.pending.SECONDS", 0)
    path = browser.way_back("ann")
    refused(browser, path, status=400, reason="unknown state", sentence="too long ago")


def test_a_code_that_the_provider_knows_no_more_is_refused(
    make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with identity_provider(tmp_path_factory.mktemp("hasty"), [CALLBACK], code_seconds=1) as hasty:
        browser = Browser(make_app(oidc_issuer=hasty.issuer).test_client(), hasty)
        path = browser.way_back("ann")
        given = time.time()
        eventually(lambda: time.time() > given + 1.5)
        refused(browser, path, status=400, reason="code refused", sentence="took too long")


def test_head_does_not_use_up_a_code(browser: Browser) -> None:
    path = browser.way_back("ann")
    assert browser.here.head(path).status_code == 405


def test_an_answer_of_another_issuer_is_refused(browser: Browser) -> None:
    path = browser.way_back("ann").replace("iss=http%3A%2F%2F127.0.0.1", "iss=http%3A%2F%2Fevil")
    assert "evil" in path
    refused(browser, path, status=502, reason="unverified", sentence="could not be verified")


@pytest.mark.parametrize(
    "alter",
    [
        lambda claims: {**claims, "nonce": "another-nonce"},
        lambda claims: {name: claims[name] for name in claims if name != "nonce"},
        lambda claims: {**claims, "iss": "https://other.example.com"},
        lambda claims: {**claims, "aud": "other-client"},
        lambda claims: {**claims, "aud": "other-client", "azp": "punctual"},
        lambda claims: {**claims, "aud": ["punctual", "other-client"], "azp": "other-client"},
        lambda claims: {name: claims[name] for name in claims if name != "exp"},
        lambda claims: {**claims, "sub": ""},
        lambda claims: {**claims, "sub": "a" * 256},
        lambda claims: {**claims, "sub": "a\0b"},
        lambda claims: {**claims, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=[
        *("wrong nonce", "no nonce", "issuer", "audience", "audience with azp", "azp", "no expiry"),
        *("empty subject", "long subject", "NUL in subject", "access token"),
    ],
)
def test_a_token_with_another_claim_is_refused_though_it_is_signed_well(
    browser: Browser, provider: IdentityProvider, alter: Callable[[Claims], Claims]
) -> None:
    path = browser.way_back("ann")
    with provider.telling(alter):
        refused(browser, path, status=502, reason="unverified", sentence="could not be verified")


@pytest.mark.parametrize("shift", [-3600, 3600])
def test_a_token_from_another_time_is_refused_with_a_word_about_clocks(
    browser: Browser, provider: IdentityProvider, shift: int
) -> None:
    def shifted(claims: Claims) -> Claims:
        return {**claims, **{name: claims[name] + shift * 2 for name in ("iat", "exp")}}

    path = browser.way_back("ann")
    with provider.telling(shifted):
        refused(browser, path, status=502, reason="clock", sentence="compares the two clocks")


def signed_by_another_key(provider: IdentityProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "RS256", "kid": "key-1"}, claims, RSAKey.generate_key(2048, KEY))


def signed_by_the_public_key(provider: IdentityProvider, claims: Claims) -> str:
    # No library signs so: it is what an attacker does who knows the public key, as everyone does.
    header = b'{"alg":"HS256","kid":"key-1"}'
    parts = [urlsafe_b64encode(part).rstrip(b"=") for part in (header, json.dumps(claims).encode())]
    public = provider.key.as_pem(private=False)
    digest = hmac.new(public, b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, urlsafe_b64encode(digest).rstrip(b"=")]).decode()


def signed_by_the_secret(provider: IdentityProvider, claims: Claims) -> str:
    secret = OctKey.import_key("only-for-tests-0123456789-and-more")
    return jwt.encode({"alg": "HS256", "kid": "key-1"}, claims, secret)


def signed_by_no_one(provider: IdentityProvider, claims: Claims) -> str:
    return jwt.encode({"alg": "none"}, claims, OctKey.import_key("any"), algorithms=["none"])


def torn(provider: IdentityProvider, claims: Claims) -> str:
    return provider.sign(claims)[:-8] + "AAAAAAAA"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    "forge",
    [
        signed_by_another_key,
        signed_by_the_public_key,
        signed_by_the_secret,
        signed_by_no_one,
        torn,
    ],
)
def test_a_token_that_the_provider_has_not_signed_is_refused(
    make_app: MakeApp,
    provider: IdentityProvider,
    forge: Callable[[IdentityProvider, Claims], str],
) -> None:
    def rewrite(path: str, document: Claims) -> Claims:
        if path == "/.well-known/openid-configuration":
            # A provider that would allow everything.
            document["id_token_signing_alg_values_supported"] = ["none", "HS256", "RS256"]
        if path == "/token":
            claims = jwt.decode(document["id_token"], provider.key).claims
            document["id_token"] = forge(provider, claims)
        return document

    browser = Browser(make_app().test_client(), provider)
    with provider.answering(rewrite):
        path = browser.way_back("ann")
        refused(browser, path, status=502, reason="unverified", sentence="could not be verified")


@pytest.mark.parametrize("missing", ["id_token", "access_token"])
def test_an_answer_without_a_token_is_refused(
    browser: Browser, provider: IdentityProvider, missing: str
) -> None:
    def rewrite(path: str, document: Claims) -> Claims:
        if path == "/token":
            document.pop(missing)
        return document

    path = browser.way_back("ann")
    with provider.answering(rewrite):
        answer = browser.get(path)
    assert answer.status_code == 502
    assert browser.username() is None


def test_data_of_another_subject_are_refused(browser: Browser, provider: IdentityProvider) -> None:
    def rewrite(path: str, document: Claims) -> Claims:
        return {**document, "sub": "admin"} if path == "/me" else document

    path = browser.way_back("ann")
    with provider.answering(rewrite):
        refused(browser, path, status=502, reason="unverified", sentence="could not be verified")


def test_a_login_that_is_cancelled_at_the_provider_says_so(
    sign_on: Flask, browser: Browser
) -> None:
    state = browser.way_back("ann").partition("state=")[2].partition("&")[0]
    path = f"/login/oidc/callback/?error=access_denied&error_description=%3Cb%3Eevil&state={state}"
    refused(browser, path, status=403, reason="denied", sentence="you have cancelled it there")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://other.example.com"),
        ("token_endpoint", "http://provider.example.com/token"),
        ("jwks_uri", None),
        ("id_token_signing_alg_values_supported", ["none", "HS256"]),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_reported_to_operators(
    make_app: MakeApp, provider: IdentityProvider, name: str, value: object
) -> None:
    browser = Browser(make_app().test_client(), provider)
    with provider.answering(lambda _, document: {**document, name: value}):
        refused(
            browser,
            "/login/oidc/",
            status=502,
            reason="misconfigured",
            sentence="is not set up correctly",
        )
    assert browser.get("/login/oidc/").status_code == 302


def test_a_wrong_client_secret_is_reported_to_operators(
    make_app: MakeApp, provider: IdentityProvider
) -> None:
    browser = Browser(make_app(oidc_client_secret="wrong").test_client(), provider)
    path = browser.way_back("ann")
    refused(browser, path, status=502, reason="misconfigured", sentence="is not set up correctly")
