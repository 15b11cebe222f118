"""Guessing passwords gets slow, from one address or from many, however the name is spelled."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from punctual_devstack.ports import free_port
from tests.integration.api.conftest import PASSWORD, register, settings_for

Made = Callable[..., FlaskClient]
DEEP = '{"username": "anna", "password": %s, "password": "wrong one"}'


@pytest.fixture
def made(database_url: str, redis_url: str, namespace: str) -> Iterator[Made]:
    """Clients of APIs behind a proxy, with chosen settings, where anna has registered."""
    apps: list[Flask] = []

    def make(**settings: object) -> FlaskClient:
        usual = replace(settings_for(database_url, redis_url, namespace), trust_proxy=1)
        apps.append(create_app(replace(usual, **settings)))  # type: ignore[arg-type]
        client = apps[-1].test_client()
        register(client, "anna")
        return client

    yield make
    for app in apps:
        release_database(app)


def guess(
    client: FlaskClient,
    address: str,
    *,
    username: str = "anna",
    password: str = "wrong one",
    **more: Any,
) -> TestResponse:
    """One login from an address, as a proxy forwards it."""
    sent = {"username": username, "password": password}
    headers = {"X-Forwarded-For": address}
    options = {"json": sent, **more}
    return client.post("/api/login/", headers=headers, **options)


def test_an_account_is_guessed_at_few_times_from_however_many_addresses(made: Made) -> None:
    client = made()
    codes = [guess(client, f"192.0.2.{number}").status_code for number in range(60)]
    assert codes == [401] * 30 + [429] * 30
    refused = guess(client, "192.0.2.200", password=PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 901
    assert guess(client, "192.0.2.201", username="ben").status_code == 401


def test_strangers_who_guess_do_not_lock_the_owner_out(made: Made) -> None:
    client = made()
    assert guess(client, "198.51.100.7", password=PASSWORD).status_code == 200
    for number in range(60):
        guess(client, f"192.0.2.{number}")
    assert guess(client, "198.51.100.7", password=PASSWORD).status_code == 200
    codes = [guess(client, "198.51.100.7").status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2


@pytest.mark.parametrize("name", ["anna", "ANNA", "Anna", "aNNa"])
def test_every_spelling_of_a_name_is_the_same_account(made: Made, name: str) -> None:
    client = made()
    for _ in range(10):
        guess(client, "192.0.2.1")
    assert guess(client, "192.0.2.1", username=name).status_code == 429


@pytest.mark.parametrize("name", ["\u0130vy", "\uff41nna", "ann\u0430", "anna ", "\u212aim"])
def test_what_only_looks_like_a_name_logs_in_to_no_account(made: Made, name: str) -> None:
    client = made()
    for username in ("ivy", "kim"):
        register(client, username)
    assert guess(client, "192.0.2.1", username=name, password=PASSWORD).status_code == 401


def test_a_body_that_names_a_password_twice_is_no_guess(made: Made) -> None:
    client = made()
    json: dict[str, Any] = {"content_type": "application/json", "json": None}
    lists = "[" * 200 + "]" * 200
    for place in range(12):  # more than may fail, of which none is looked at and none is counted
        body = DEEP % lists if place % 2 else DEEP % f'"{PASSWORD}"'
        assert guess(client, "192.0.2.1", **json, data=body).status_code == 400
    codes = [guess(client, "192.0.2.1").status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    assert guess(client, "192.0.2.1", password=PASSWORD).status_code == 429
    too_deep = DEEP % ("[" * 976 + "]" * 976)
    assert guess(client, "192.0.2.1", **json, data=too_deep).status_code == 400


def test_a_form_counts_as_json_does(made: Made) -> None:
    client = made()
    for _ in range(10):
        guess(client, "192.0.2.1")
    sent = {"username": "anna", "password": PASSWORD}
    headers = {"X-Forwarded-For": "192.0.2.1"}
    assert client.post("/login/", json=sent, headers=headers).status_code == 429
    page = client.get("/login/").text
    token = page.partition('csrf_token" value="')[2].partition('"')[0]
    answer = client.post("/login/", data={**sent, "csrf_token": token}, headers=headers)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many failed logins" in answer.text


def test_the_addresses_of_one_ipv6_customer_are_one(made: Made) -> None:
    client = made()
    codes = [guess(client, f"2001:db8::{number:x}").status_code for number in range(11)]
    assert codes == [401] * 10 + [429]
    assert guess(client, "2001:db8:0:1::1").status_code == 401


def test_one_address_guesses_at_few_accounts(made: Made) -> None:
    client = made()
    codes = [guess(client, "192.0.2.1", username=f"user-{n}").status_code for n in range(101)]
    assert codes == [401] * 100 + [429]


def test_without_redis_guessing_gets_slow_as_well(made: Made) -> None:
    client = made(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    codes = [guess(client, f"192.0.2.{number}").status_code for number in range(40)]
    assert codes == [401] * 30 + [429] * 10


def test_who_is_no_proxy_does_not_choose_an_address(made: Made) -> None:
    client = made(proxy_networks="10.9.0.0/16")
    codes = [guess(client, f"192.0.2.{number}").status_code for number in range(11)]
    assert codes == [401] * 10 + [429]
    through: dict[str, Any] = {"environ_base": {"REMOTE_ADDR": "10.9.0.1"}}
    assert guess(client, "192.0.2.99", **through).status_code == 401
