"""Groups at the provider: which teams they open, for as long as the user is in them."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from tests.integration.api.conftest import run_sql
from tests.integration.api.single_sign_on.conftest import Browser, MakeApp
from tests.support.identity_provider.provider import IdentityProvider

ROLES = {
    "sre": {"ops": "owner", "data": "operator"},
    "everyone": {"ops": "viewer", "no-such-team": "viewer"},
    "odd": {"ann": "owner"},
}


@pytest.fixture
def sign_on(make_app: MakeApp) -> Flask:
    """An API that follows groups."""
    return make_app(oidc_group_roles=json.dumps(ROLES))


@pytest.fixture
def ann(browser: Browser) -> Browser:
    """The admin, who owns the teams ops, data and lab."""
    browser.log_in("ann")
    for slug in ("ops", "data", "lab"):
        browser.post("/teams/", of="/teams/", slug=slug, name=slug)
    return browser


def memberships(engine: Engine, username: str) -> dict[str, tuple[str, bool]]:
    """A user's role in each team but the personal one, and whether groups gave it."""
    rows = text(
        "SELECT slug, role, by_groups FROM memberships AS m JOIN teams AS t ON t.id = team_id"
        " JOIN users AS u ON u.id = user_id WHERE username = :name AND NOT personal"
    )
    with engine.connect() as connection:
        found = connection.execute(rows, {"name": username})
        return {slug: (role, by_groups) for slug, role, by_groups in found}


def log_in(browser: Browser, name: str, groups: object) -> None:
    """Log in with these groups, in a browser that was logged out."""
    browser.provider.set_account(name, email=f"{name}@example.com", groups=groups)
    browser.here.delete_cookie("punctual_session")
    assert browser.log_in(name).status_code == 302


def test_groups_give_the_highest_role_and_take_it_away_again_at_the_next_login(
    ann: Browser, other_browser: Browser, engine: Engine
) -> None:
    log_in(other_browser, "dora", ["everyone", "sre", "unknown"])
    assert memberships(engine, "dora") == {"ops": ("owner", True), "data": ("operator", True)}
    log_in(other_browser, "dora", ["everyone"])
    assert memberships(engine, "dora") == {"ops": ("viewer", True)}
    assert other_browser.get("/team/data/").status_code == 404
    log_in(other_browser, "dora", [])
    assert memberships(engine, "dora") == {}


@pytest.mark.parametrize("groups", [None, "sre", {"sre": 1}, [["sre"]], 7])
def test_a_claim_that_is_no_list_of_groups_never_fails_a_login(
    ann: Browser, other_browser: Browser, engine: Engine, groups: object
) -> None:
    log_in(other_browser, "emil", ["sre"])
    log_in(other_browser, "emil", groups)
    expected = {"ops", "data"} if groups == "sre" else set()
    assert set(memberships(engine, "emil")) == expected


def test_what_people_gave_by_hand_stays_whatever_the_groups_are(
    ann: Browser, other_browser: Browser, engine: Engine
) -> None:
    log_in(other_browser, "finn", [])
    for slug, role in (("ops", "editor"), ("lab", "viewer")):
        form = {"username": "finn", "role": role}
        ann.post(f"/team/{slug}/members/", of=f"/team/{slug}/", **form)
    log_in(other_browser, "finn", ["sre"])
    by_hand = {"ops": ("editor", False), "lab": ("viewer", False)}
    assert memberships(engine, "finn") == {**by_hand, "data": ("operator", True)}
    log_in(other_browser, "finn", [])
    assert memberships(engine, "finn") == by_hand


def test_a_role_that_is_changed_by_hand_is_by_hand_from_then_on(
    ann: Browser, other_browser: Browser, engine: Engine
) -> None:
    log_in(other_browser, "gina", ["everyone"])
    assert "by groups" in ann.get("/team/ops/").text
    ann.post("/team/ops/members/gina/", of="/team/ops/", role="operator")
    assert memberships(engine, "gina") == {"ops": ("operator", False)}
    assert "by groups" not in ann.get("/team/ops/").text
    log_in(other_browser, "gina", [])
    assert memberships(engine, "gina") == {"ops": ("operator", False)}


def test_groups_do_not_reach_into_personal_teams_or_teams_that_are_not_there(
    ann: Browser, other_browser: Browser, engine: Engine
) -> None:
    with capture_logs() as logged:
        log_in(other_browser, "hana", ["everyone", "odd"])
    assert memberships(engine, "hana") == {"ops": ("viewer", True)}
    [line] = [line for line in logged if line["event"] == "groups followed"]
    assert (line["joined"], line["missing"]) == (["ops"], ["ann", "no-such-team"])


def test_a_team_of_groups_may_lose_its_last_owner_to_admins(
    ann: Browser, other_browser: Browser, engine: Engine
) -> None:
    log_in(other_browser, "ivan", ["sre"])
    ann.post("/team/ops/leave/", of="/team/ops/")
    log_in(other_browser, "ivan", ["everyone"])
    assert memberships(engine, "ivan") == {"ops": ("viewer", True)}
    assert "You are owner here." in ann.get("/team/ops/").text


def test_groups_join_no_more_teams_than_a_user_may_be_in(
    ann: Browser, other_browser: Browser, engine: Engine
) -> None:
    log_in(other_browser, "jana", [])
    run_sql(
        engine,
        "WITH made AS (INSERT INTO teams (id, slug, name) SELECT gen_random_uuid(), 'team-' || n,"
        " 'x' FROM generate_series(1, 98) AS n RETURNING id) INSERT INTO memberships (team_id,"
        " user_id, role) SELECT made.id, users.id, 'viewer' FROM made, users"
        " WHERE username = 'jana'",
    )
    log_in(other_browser, "jana", ["sre"])
    assert len([1 for _, by_groups in memberships(engine, "jana").values() if by_groups]) == 1


def test_groups_are_found_along_a_path(
    ann: Browser, make_app: MakeApp, provider: IdentityProvider, engine: Engine
) -> None:
    app = make_app(oidc_group_roles=json.dumps(ROLES), oidc_groups_claim="realm_access.roles")
    browser = Browser(app.test_client(), provider)

    def as_keycloak(claims: dict[str, Any]) -> dict[str, Any]:
        more = {"email": "kim@example.com", "preferred_username": "kim"}
        return {**claims, **more, "realm_access": {"roles": ["everyone"]}}

    provider.proxy.paths.clear()
    path = browser.way_back("k1")
    with provider.telling(as_keycloak):
        assert browser.get(path).status_code == 302
    assert memberships(engine, "kim") == {"ops": ("viewer", True)}
    assert "/me" not in provider.proxy.paths
