"""Logging in at the provider: who gets in, as whom, and where to."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import Engine, text

from tests.integration.api.accounts.test_user_command import punctual_user
from tests.integration.api.conftest import PASSWORD, run_sql
from tests.integration.api.single_sign_on.conftest import CALLBACK, Browser, MakeApp
from tests.support.identity_provider.provider import IdentityProvider


def test_the_first_login_makes_a_user_without_a_password_and_the_next_one_finds_it(
    browser: Browser, other_browser: Browser, engine: Engine
) -> None:
    assert browser.log_in("ann").headers["Location"] == "/dashboard/"
    assert other_browser.log_in("ann").headers["Location"] == "/dashboard/"
    assert browser.username() == other_browser.username() == "ann"
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT username, email, password_hash FROM users")).all()
    assert rows == [("ann", "ann@example.com", None)]


def test_the_first_user_of_an_installation_is_admin_and_the_next_one_is_not(
    browser: Browser, other_browser: Browser
) -> None:
    browser.log_in("ann")
    other_browser.log_in("ben")
    assert ", an admin" in browser.account()
    assert ", an admin" not in other_browser.account()


def test_the_login_page_offers_the_provider_first_and_keeps_where_to_go(browser: Browser) -> None:
    page = browser.get("/login/?next=/teams/").text
    offer = 'href="/login/oidc/?next=/teams/">Log in with Example</a>'
    assert page.index(offer) < page.index('name="password"')
    assert browser.log_in("ann", "/login/oidc/?next=/teams/").headers["Location"] == "/teams/"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/login/oidc/", "/logout/"],
)
def test_a_login_never_leads_to_another_site_or_into_a_circle(
    browser: Browser, target: str
) -> None:
    answer = browser.log_in("ann", f"/login/oidc/?next={target}")
    assert answer.headers["Location"] == "/dashboard/"


def test_the_request_to_the_provider_has_pkce_state_and_nonce_that_differ_each_time(
    browser: Browser, provider: IdentityProvider
) -> None:
    seen = []
    for _ in range(2):
        there = browser.get("/login/oidc/").headers["Location"]
        assert there.startswith(f"{provider.issuer}/auth?")
        query = {name: value[0] for name, value in parse_qs(urlsplit(there).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["redirect_uri"] == CALLBACK
        assert query["scope"] == "openid profile email groups"
        seen += [query["state"], query["nonce"], query["code_challenge"]]
    assert len(set(seen)) == 6
    assert all(len(value) >= 20 for value in seen)


def test_many_logins_that_were_started_and_a_long_target_fit_into_the_cookie(
    browser: Browser,
) -> None:
    first = browser.way_back("ann", f"/login/oidc/?next=/task/{'x' * 400}/")
    long = f"/login/oidc/?next=/{'x' * 6000}"
    path = [browser.way_back("ann", long) for _ in range(5)][-1]
    cookie = browser.here.get_cookie("punctual_session")
    assert cookie is not None
    assert len(cookie.value) < 3000
    assert browser.get(first).status_code == 400
    assert browser.get(path).headers["Location"] == "/dashboard/"


def test_the_address_with_the_code_is_in_no_referer(browser: Browser) -> None:
    path = browser.way_back("ann")
    assert browser.get(path).headers["Referrer-Policy"] == "strict-origin"
    assert browser.get(path).headers["Referrer-Policy"] == "strict-origin"
    assert browser.get("/login/").headers["Referrer-Policy"] == "same-origin"


def test_a_taken_username_gets_a_number_and_odd_letters_are_left_out(
    browser: Browser, other_browser: Browser, provider: IdentityProvider
) -> None:
    provider.set_account("1", email="one@example.com", preferred_username="Zoë Müller")
    provider.set_account("2", email="two@example.com", preferred_username="Zoe-Muller@example.com")
    browser.log_in("1")
    other_browser.log_in("2")
    assert (browser.username(), other_browser.username()) == ("Zoe-Muller", "Zoe-Muller-2")


def test_a_session_of_the_provider_is_listed_and_ended_as_any_other(browser: Browser) -> None:
    browser.log_in("ann")
    page = browser.account()
    assert page.count(">End<span") == 1
    assert 'name="current"' not in page
    browser.post("/account/sessions/end/", of="/account/")
    assert browser.username() == "ann"
    assert browser.post("/logout/", of="/account/").headers["Location"] == "/login/"
    assert browser.username() is None


def test_a_logout_links_to_the_logout_of_the_provider(
    browser: Browser, provider: IdentityProvider
) -> None:
    browser.log_in("ann")
    browser.post("/logout/", of="/account/")
    link = f'<a href="{provider.issuer}/session/end?client_id=punctual">Log out of Example too</a>'
    assert link in browser.get("/login/").text


def test_a_disabled_user_stays_out(browser: Browser, engine: Engine) -> None:
    browser.log_in("ann")
    run_sql(engine, "UPDATE users SET disabled_at = now()")
    assert browser.username() is None
    answer = browser.log_in("ann")
    assert answer.status_code == 403
    assert "This account is disabled." in answer.text
    assert browser.username() is None


def test_a_closed_registration_lets_known_users_in_and_makes_no_new_ones(
    browser: Browser, make_app: MakeApp, provider: IdentityProvider
) -> None:
    browser.log_in("ann")
    closed = make_app(registration="closed")
    assert Browser(closed.test_client(), provider).log_in("ann").status_code == 302
    stranger = Browser(closed.test_client(), provider)
    answer = stranger.log_in("ben")
    assert answer.status_code == 403
    assert "Registration is closed." in answer.text
    assert stranger.username() is None


def test_without_an_address_no_account_is_made(
    browser: Browser, provider: IdentityProvider
) -> None:
    provider.set_account("3", preferred_username="cleo")
    answer = browser.log_in("3")
    assert answer.status_code == 403
    assert "sent no valid e-mail address" in answer.text


def test_only_verified_addresses_of_the_named_domains_log_in(
    make_app: MakeApp, provider: IdentityProvider
) -> None:
    app = make_app(oidc_email_domains="example.org, example.com")
    provider.set_account("4", email="d@example.com", email_verified=False)
    provider.set_account("5", email="e@example.com.evil.example", email_verified=True)
    provider.set_account("6", email="f@EXAMPLE.org", email_verified=True)
    statuses = [Browser(app.test_client(), provider).log_in(name).status_code for name in "456"]
    assert statuses == [403, 403, 302]


def test_a_user_without_a_password_logs_in_by_one_that_an_operator_gives(
    browser: Browser, other_browser: Browser, database_url: str
) -> None:
    browser.log_in("ann")
    who = {"username": "ann", "password": PASSWORD}
    for guess in ("", "None", PASSWORD):
        refused = other_browser.here.post("/api/login/", json={**who, "password": guess})
        assert refused.status_code == 401
    change = {"current": "", "new": PASSWORD}
    assert browser.post("/account/password/", of="/account/", **change).status_code == 422
    done = punctual_user(database_url, "reset-password", "ann", typed=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    assert browser.username() is None
    assert other_browser.post("/login/", of="/login/", **who).status_code == 302
    assert browser.log_in("ann").status_code == 302


def test_an_invitation_that_is_open_in_the_browser_is_accepted(
    browser: Browser, other_browser: Browser
) -> None:
    browser.log_in("ann")
    browser.post("/teams/", of="/teams/", slug="ops", name="Operations")
    made = browser.post("/team/ops/invites/", of="/team/ops/", invite_role="operator")
    path = urlsplit(
        made.text.partition('id="new-invite"')[2].split('value="')[1].split('"')[0]
    ).path
    other_browser.get(path)
    assert other_browser.log_in("ben").headers["Location"] == "/team/ops/"
    assert "You are operator here." in other_browser.get("/team/ops/").text
    third = Browser(other_browser.here.application.test_client(), browser.provider)
    third.get(path)
    assert third.log_in("cleo").headers["Location"] == "/dashboard/"
    assert "unknown, used or expired" in third.get("/dashboard/").text
    assert third.get("/team/ops/").status_code == 404


def test_two_first_logins_at_once_make_one_user(
    browser: Browser, other_browser: Browser, engine: Engine
) -> None:
    ways = [(each, each.way_back("ann")) for each in (browser, other_browser)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda way: way[0].get(way[1]).status_code, ways))
    assert answers == [302, 302]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM identities")).scalar_one() == 1


def test_without_single_sign_on_there_is_no_such_login(
    make_app: MakeApp, provider: IdentityProvider
) -> None:
    app = make_app(oidc_issuer="")
    stranger = Browser(app.test_client(), provider)
    assert stranger.get("/login/oidc/").status_code == 404
    assert stranger.get("/login/oidc/callback/?code=x&state=y").status_code == 404
    assert "Example" not in stranger.get("/login/").text


def test_the_way_back_leads_to_the_public_address(
    make_app: MakeApp, provider: IdentityProvider
) -> None:
    app = make_app(public_url="https://cron.example.com", trust_proxy=1)
    browser = app.test_client()
    direct = browser.get("/login/oidc/?next=/teams/")
    assert direct.headers["Location"] == (
        "https://cron.example.com/login/oidc/?next=%2Fteams%2F&again=1"
    )
    forwarded = {"X-Forwarded-Host": "cron.example.com", "X-Forwarded-Proto": "https"}
    there = browser.get("/login/oidc/", headers=forwarded)
    query = parse_qs(urlsplit(there.headers["Location"]).query)
    assert query["redirect_uri"] == ["https://cron.example.com/login/oidc/callback/"]
    assert there.headers["Set-Cookie"].startswith("__Host-punctual_session=")


def test_a_new_key_of_the_provider_is_found_at_once(
    browser: Browser, provider: IdentityProvider
) -> None:
    new = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "key-2"})

    def rewrite(path: str, document: dict[str, Any]) -> dict[str, Any]:
        if path == "/jwks":
            return {"keys": [new.as_dict(private=False)]}
        if path == "/token":
            claims = jwt.decode(document["id_token"], provider.key).claims
            document["id_token"] = jwt.encode({"alg": "RS256", "kid": "key-2"}, claims, new)
        return document

    path = browser.way_back("ann")
    with provider.telling(lambda claims: {**claims, "aud": "other"}):
        browser.get(path)  # it knows the old keys from here on
    path = browser.way_back("ann")
    with provider.answering(rewrite):
        assert browser.get(path).status_code == 302
    assert browser.username() == "ann"
