"""Only the hosts that an installation is named are answered: DNS rebinding gets nowhere."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.conftest import PASSWORD, settings_for

FOREIGN = "rebind.example"
Made = Callable[..., FlaskClient]


@pytest.fixture
def made(database_url: str, redis_url: str, namespace: str) -> Iterator[Made]:
    """Clients of APIs with chosen settings."""
    apps: list[Flask] = []

    def make(**settings: object) -> FlaskClient:
        chosen = replace(settings_for(database_url, redis_url, namespace), **settings)  # type: ignore[arg-type]
        apps.append(create_app(chosen))
        return apps[-1].test_client()

    yield make
    for app in apps:
        release_database(app)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/login/"),
        ("GET", "/login"),
        ("GET", "/api/tasks"),
        ("GET", "/api/tasks/"),
        ("GET", "/api/openapi.json"),
        ("GET", "/static/theme.css"),
        ("GET", "/nothing/"),
        ("DELETE", "/login/"),
        ("POST", "/api/register/"),
        ("POST", "/api/login/"),
        ("POST", "/login/"),
        ("GET", "/healthz/"),
    ],
)
def test_a_foreign_host_is_refused_whatever_is_asked(
    client: FlaskClient, method: str, path: str
) -> None:
    headers = {"Host": f"{FOREIGN}:8000", "Origin": f"http://{FOREIGN}:8000"}
    sent = {"username": "anna", "password": PASSWORD, "email": "anna@example.com"}
    answer = client.open(path, method=method, headers=headers, json=sent)
    assert answer.status_code == 421, answer.text
    assert answer.content_type == "application/problem+json"
    assert "PUNCTUAL_ALLOWED_HOSTS" in answer.get_json()["detail"]
    assert "Location" not in answer.headers


def test_a_browser_gets_a_page_that_names_the_setting_to_change(client: FlaskClient) -> None:
    headers = {"Host": "<b>.example", "Accept": "text/html"}
    answer = client.get("/", headers={**headers, "Host": FOREIGN})
    assert (answer.status_code, answer.mimetype) == (421, "text/html")
    assert "PUNCTUAL_ALLOWED_HOSTS" in answer.text
    assert client.get("/", headers=headers).status_code == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_and_scrapers_may_use_any_address(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST."])
def test_loopback_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/login/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["", "localhost, rebind.example", "rebind.example@localhost"])
def test_a_malformed_host_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/login/", headers={"Host": host})
    assert answer.status_code == 400


def test_operators_name_more_hosts(made: Made) -> None:
    client = made(allowed_hosts="cron.example.com", public_url="https://punctual.example.org/x")
    for host, status in {
        "cron.example.com": 200,
        "punctual.example.org": 200,
        "localhost": 200,
        "other.example.com": 421,
        "sub.cron.example.com": 421,
    }.items():
        assert client.get("/login/", headers={"Host": host}).status_code == status, host
    assert made(allowed_hosts="*").get("/login/", headers={"Host": FOREIGN}).status_code == 200


def test_a_forwarded_host_counts_only_behind_a_proxy(made: Made) -> None:
    forwarded = {"Host": "localhost", "X-Forwarded-Host": FOREIGN}
    assert made().get("/login/", headers=forwarded).status_code == 200
    behind = made(trust_proxy=1)
    assert behind.get("/login/", headers=forwarded).status_code == 421
    there = {"Host": "api:8000", "X-Forwarded-Host": "localhost"}
    assert behind.get("/login/", headers=there).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("GET", "/api/tasks?q=a%20b&q=%2F", "/api/tasks/?q=a%20b&q=%2F"),
        ("DELETE", "/api/tasks?x=1", "/api/tasks/?x=1"),
        ("GET", "/login?next=//evil.example", "/login/?next=//evil.example"),
    ],
)
def test_redirects_name_no_host(client: FlaskClient, method: str, path: str, location: str) -> None:
    answer = client.open(f"http://localhost{path}", method=method)
    assert answer.status_code == 308
    assert answer.headers["Location"] == location
