"""The table of access and the app agree: every endpoint is listed, and none that is not there."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from punctual.domain.access import ACCESS, need_of
from punctual.domain.needs import ACT, EDIT, EDIT_IN_TEAM, LIST, PUBLIC, SEE, SIGNED_IN, Of
from punctual.domain.roles import Role, TeamRole
from punctual.ops.config import Settings
from punctual.store.schema.models.model import new_id
from punctual_api.accounts.access import OBJECTS
from punctual_api.app import create_app

SECRET = "qW3rTy-only-for-tests-0123456789-abcdef"
NOWHERE = "postgresql://api@127.0.0.1:1/none"


@pytest.fixture(scope="module")
def app() -> Flask:
    """The app, which connects to nothing before the first request."""
    return create_app(
        Settings(database_url=NOWHERE, redis_url="redis://127.0.0.1:1/0", secret_key=SECRET)
    )


def verbs(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every endpoint with each of its methods."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            yield rule, method


def test_every_endpoint_and_method_is_in_the_table(app: Flask) -> None:
    assert [
        (rule.endpoint, method)
        for rule, method in verbs(app)
        if need_of(rule.endpoint, method) is None
    ] == []


def test_the_table_lists_no_endpoint_or_method_that_the_app_lacks(app: Flask) -> None:
    there = {(rule.endpoint, method) for rule, method in verbs(app)}
    listed = set()
    for endpoint, needs in ACCESS.items():
        methods = needs if isinstance(needs, dict) else [None]
        listed |= {(endpoint, method) for method in methods}
    assert {
        (endpoint, method)
        for endpoint, method in listed
        if not any(name == endpoint and method in (None, verb) for name, verb in there)
    } == set()


def test_a_need_is_about_an_object_exactly_where_the_address_names_one(app: Flask) -> None:
    for rule, method in verbs(app):
        need = need_of(rule.endpoint, method)
        assert need is not None
        if method != "OPTIONS":
            named = [name for name in rule.arguments if name in OBJECTS]
            assert len(named) == (need.of == Of.OBJECT), (rule.endpoint, method)


def test_no_method_that_changes_anything_is_open_to_viewers(app: Flask) -> None:
    harmless = {"schedules.preview_schedule", "teams.leave_team", "pages.leave_team"}
    for rule, method in verbs(app):
        need = need_of(rule.endpoint, method)
        if method in {"POST", "PUT", "PATCH", "DELETE"} and rule.endpoint not in harmless:
            assert need is not None
            assert need.role != Role.VIEWER, (rule.endpoint, method)


def test_only_entrances_links_probes_and_the_description_are_open_to_anyone() -> None:
    open_to_anyone = {endpoint for endpoint, need in ACCESS.items() if need == PUBLIC}
    assert all(
        re.match(
            r"(hook calls|feed files|badge files|health|metrics|problems|reference|static)\b",
            endpoint,
        )
        or endpoint
        in {
            "accounts.login_by_api",
            "accounts.register_by_api",
            "pages.home",
            "pages.login",
            "pages.log_in_by_provider",
            "pages.finish_login_by_provider",
            "pages.logout",
            "pages.register",
            "pages.open_invitation",
            "pages.show_alert_retry",
            "pages.retry_by_alert",
            "pages.show_alert_snooze",
            "pages.snooze_by_alert",
            "pages.show_invitation",
            "pages.forgot_password",
            "pages.request_link",
            "pages.open_link",
            "pages.show_reset",
            "pages.choose_password",
            "resets.request_reset",
            "resets.reset_password",
        }
        for endpoint in open_to_anyone
    )


@pytest.mark.parametrize(
    ("endpoint", "method", "need"),
    [
        ("tasks.list_own_tasks", "GET", LIST),
        ("tasks.list_own_tasks", "HEAD", LIST),
        ("tasks.create_task", "POST", EDIT_IN_TEAM),
        ("tasks.get_task", "GET", SEE),
        ("tasks.patch_task", "PATCH", EDIT),
        ("tasks.delete_own_task", "DELETE", EDIT),
        ("tasks.delete_own_task", "OPTIONS", SIGNED_IN),
        ("task verbs.run_task", "POST", ACT),
        ("task verbs.pause_task", "POST", ACT),
        ("backfill.backfill_task", "POST", ACT),
        ("runs.cancel_own_run", "POST", ACT),
        ("calendars.replace_calendar", "PUT", EDIT),
        ("pages.update_calendar", "GET", SEE),
        ("pages.update_calendar", "POST", EDIT),
        ("accounts.login_by_api", "OPTIONS", PUBLIC),
        ("pages.update_calendar", "DELETE", None),
        ("tasks.no_such_endpoint", "GET", None),
    ],
)
def test_the_interface_decides_what_is_needed(endpoint: str, method: str, need: object) -> None:
    assert need_of(endpoint, method) == need


@pytest.mark.parametrize("own", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_may_do_what_each_lower_role_may(own: Role, needed: Role) -> None:
    order = ["viewer", "operator", "editor", "owner"]
    member = TeamRole(new_id(), "ops", own)
    assert member.may(needed) == (order.index(own) >= order.index(needed))
