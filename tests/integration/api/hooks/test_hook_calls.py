"""What keeps hooks from harm: limits, roles, and logs without their addresses."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import Engine
from structlog.testing import capture_logs

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.accounts.test_roles import join
from tests.integration.api.conftest import Person, register, settings_for
from tests.integration.api.hooks.test_hooks import call, hook


@pytest.fixture
def limited(database_url: str, redis_url: str, namespace: str) -> Iterator[Flask]:
    """An API that takes five requests a minute of each sender."""
    settings = settings_for(database_url, redis_url, namespace)
    made = create_app(replace(settings, max_requests_per_minute=5))
    yield made
    release_database(made)


def test_each_hook_has_the_requests_a_minute_of_a_user(limited: Flask) -> None:
    client = limited.test_client()
    anna = register(client, "anna")
    task = anna.task(overlap="allow")["id"]
    first, second = hook(anna, task)["path"], hook(anna, task)["path"]
    assert [call(client, first).status_code for _ in range(6)] == [202] * 5 + [429]
    refused = call(client, first)
    assert refused.get_json()["detail"].startswith("This address has received 5 requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert call(client, second).status_code == 202
    assert anna.get("/tasks/").status_code == 200


def test_a_body_without_a_hook_is_read_no_further_than_that_of_a_stranger(
    anna: Person,
) -> None:
    client, path = anna.client, hook(anna, anna.task()["id"])["path"]
    filler = {"filler": "x" * 100_000}
    assert call(client, path, json=filler).status_code == 202
    assert call(client, f"/hooks/pch_{'x' * 43}/", json=filler).status_code == 404
    assert call(client, path, json={"filler": "x" * 1_100_000}).status_code == 413


@pytest.mark.parametrize("role", ["viewer", "operator", "editor"])
def test_only_editors_see_and_make_hooks(
    anna: Person, ben: Person, engine: Engine, role: str
) -> None:
    task = anna.task()["id"]
    made = hook(anna, task)["id"]
    join(engine, anna.id, ben, role)
    path, body = f"/tasks/{task}/hooks/", {"name": "x"}
    allowed = role == "editor"
    assert ben.get(path).status_code == (200 if allowed else 403)
    assert ben.post(path, json=body).status_code == (201 if allowed else 403)
    assert ben.call("DELETE", f"{path}{made}/").status_code == (204 if allowed else 403)


def test_the_address_of_a_hook_is_in_no_log_line(
    anna: Person,
) -> None:
    path = hook(anna, anna.task()["id"])["path"]
    token = path.split("/")[2]
    with capture_logs() as lines:
        run = call(anna.client, path).get_json()["id"]
        for method, address in (
            ("GET", path),
            ("POST", path.rstrip("/")),
            ("GET", f"{path}{run}/"),
            ("PUT", path),
            ("GET", f"/calendar/{token}.ics"),
            ("GET", f"/badge/{token}.svg"),
        ):
            anna.client.open(address, method=method)
    paths = [line["path"] for line in lines]
    assert paths == [*["/hooks/<secret>/"] * 5, "/calendar/<secret>/", "/badge/<secret>/"]
    assert token not in str(lines)


def test_an_address_begins_with_the_public_url(
    database_url: str, redis_url: str, namespace: str
) -> None:
    settings = settings_for(database_url, redis_url, namespace)
    made = create_app(replace(settings, public_url="https://cron.example.com"))
    try:
        client = made.test_client()
        client.environ_base["HTTP_HOST"] = "cron.example.com"
        anna = register(client, "anna")
        url = hook(anna, anna.task()["id"])["url"]
        assert urlsplit(url)[:2] == ("https", "cron.example.com")
    finally:
        release_database(made)
