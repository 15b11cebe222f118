"""Requests a minute: 429 past the limit, over several processes, and with Redis away."""

import itertools
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from flask import Flask
from structlog.testing import capture_logs

from punctual.ops import telemetry
from punctual_api.limits.request_counts import RequestCounts
from punctual_api.limits.request_exchange import RequestExchange
from punctual_api.limits.request_limit import RequestLimit
from punctual_devstack.ports import free_port
from punctual_devstack.servers.temporary import Servers, temporary_servers
from tests.integration.api.conftest import PASSWORD, Person, register, settings_for
from tests.integration.api.limits.conftest import Made
from tests.integration.api.pages.visitor import visit
from tests.integration.api.served import serving
from tests.support.eventually import eventually
from tests.support.frozen import frozen
from tests.support.servers import TEMPLATE, create_template

WHO = {"username": "anna", "password": PASSWORD}
AT = 1_800_000_000.0


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers of this file's own, for one that is frozen."""
    with temporary_servers() as started:
        create_template(started)
        yield started


def limited(app: Flask, most: int, at: list[float]) -> None:
    """Give an app a limit with a clock that the test sets."""
    counts = RequestCounts(most, clock=lambda: at[0])
    exchange = RequestExchange(counts, app.extensions["punctual"])
    app.extensions["punctual_request_limit"] = RequestLimit(counts, exchange)


def token_early_in_a_minute(client: httpx.Client) -> str:
    """The token of a new user whose minute lasts for half a minute more."""
    for number in itertools.count():
        who = {"username": f"anna{number}", "password": PASSWORD}
        new = client.post("/api/register/", json={**who, "email": f"a{number}@example.com"})
        if (time.time() + uuid.UUID(new.json()["id"]).int % 60) % 60 < 30:
            token: str = client.post("/api/login/", json=who).json()["token"]
            return token
    raise AssertionError


def refusals() -> float:
    value: float = telemetry.LIMIT_REFUSALS.labels("requests")._value.get()
    return value


def test_every_answer_says_what_is_left_and_past_the_limit_a_request_waits(made: Made) -> None:
    app, at = made(max_requests_per_minute=3), [AT]
    limited(app, 3, at)
    anna = register(app.test_client(), "anna")
    at[0] -= (AT + anna.id.int % 60) % 60  # its minute begins now
    left = []
    for path in ("/tasks/", f"/tasks/{uuid.uuid4()}/", "/no-such-list/", "/teams/"):
        answer = anna.get(path)
        if path == "/no-such-list/":  # nothing is there, so no sender is looked up
            assert "RateLimit" not in answer.headers
            continue
        assert answer.headers["RateLimit-Policy"] == '"requests";q=3;w=60'
        left.append((answer.status_code, answer.headers["RateLimit"]))
    assert left == [
        (200, '"requests";r=2;t=60'),
        (404, '"requests";r=1;t=60'),
        (200, '"requests";r=0;t=60'),
    ]
    before = refusals()
    at[0] += 59
    refused = anna.post("/tasks/", json={"command": "true"})
    assert refused.status_code == 429
    assert refused.content_type == "application/problem+json"
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["RateLimit"] == '"requests";r=0;t=1'
    assert refused.get_json()["detail"] == (
        "You have sent 3 requests within a minute, which is the most."
        " Wait 1 s, or ask an operator to raise PUNCTUAL_MAX_REQUESTS_PER_MINUTE."
    )
    assert refusals() == before + 1
    ben = register(app.test_client(), "ben")
    assert ben.get("/tasks/").status_code == 200
    at[0] += 1
    again = anna.post("/tasks/", json={"command": "true"})
    assert (again.status_code, again.headers["RateLimit"]) == (201, '"requests";r=2;t=60')


def test_the_tokens_of_a_user_share_a_limit_and_so_do_those_of_a_team(made: Made) -> None:
    app, at = made(max_requests_per_minute=9), [AT]
    limited(app, 9, at)
    anna = register(app.test_client(), "anna")
    anna.post("/teams/", json={"slug": "ops", "name": "Operations"})
    sent = [{"name": "own"}, {"name": "personal", "team": "anna"}]
    sent += [{"name": name, "team": "ops"} for name in ("one", "two")]
    own, personal, one, two = (
        replace(anna, token=anna.post("/tokens/", json=new).get_json()["token"]) for new in sent
    )

    def left(person: Person) -> str:
        return person.get("/tasks/").headers["RateLimit"].partition(";")[2].partition(";")[0]

    assert [left(one), left(two), left(one)] == ["r=8", "r=7", "r=6"]
    assert [left(own), left(personal), left(anna)] == ["r=3", "r=2", "r=1"]


def test_a_page_says_it_as_a_sentence(made: Made) -> None:
    app, at = made(max_requests_per_minute=100), [AT]
    limited(app, 100, at)
    ann = visit(app.test_client())
    html = {"Accept": "text/html"}
    answers = [ann.browser.get("/dashboard/", headers=html) for _ in range(101)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert "You have sent 100 requests within a minute, which is the most." in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "RateLimit" not in refused.headers  # they are for programs
    assert ann.browser.get("/login/").status_code < 400


def test_without_a_limit_nothing_is_said_of_one(made: Made) -> None:
    anna = register(made().test_client(), "anna")
    assert not {"RateLimit", "RateLimit-Policy"} & set(anna.get("/tasks/").headers.keys())


def test_of_two_processes_each_counts_what_the_other_has_answered(
    tmp_path: Path, database_url: str, redis_url: str, namespace: str
) -> None:
    settings = {
        "database_url": database_url,
        "redis_url": redis_url,
        "namespace": namespace,
        "max_requests_per_minute": "300",
    }
    with serving(tmp_path, **settings) as one, serving(tmp_path, **settings) as two:
        headers = {"Authorization": f"Token {token_early_in_a_minute(one.client)}"}

        def get(client: httpx.Client) -> httpx.Response:
            return client.get("/api/teams/", headers=headers)

        codes = [get(one.client).status_code for _ in range(301)]
        assert codes == [200] * 300 + [429]
        answered: list[int] = []

        def refused() -> bool:
            answered.append(get(two.client).status_code)
            return answered[-1] == 429

        eventually(refused, within=5)
        assert len(answered) < 300  # by the count of the other, not by its own
        metrics = one.client.get("/metrics").text
        assert 'punctual_limit_refusals_total{limit="requests"} 1.0' in metrics


def test_while_redis_is_frozen_requests_are_answered_as_quickly_and_counted_alone(
    tmp_path: Path, servers: Servers
) -> None:
    url = servers.create_database("limits_frozen", template=TEMPLATE)
    settings = {"redis_url": servers.redis_url(), "max_requests_per_minute": "100"}
    with serving(tmp_path, database_url=url, **settings) as served:
        client = served.client
        client.post("/api/register/", json={**WHO, "email": "a@example.com"}).raise_for_status()
        token = client.post("/api/login/", json=WHO).json()["token"]
        headers = {"Authorization": f"Token {token}"}
        with frozen(servers.valkey):
            began = time.monotonic()
            codes = [client.get("/api/teams/", headers=headers).status_code for _ in range(200)]
            took = time.monotonic() - began
        assert set(codes) == {200, 429}
        assert codes.count(200) in (100, 200)  # 200: a new minute began in between
        assert took < 5  # 200 x what a request waits for Redis would be 100 s


def test_redis_away_is_logged_and_counted_once_and_so_is_its_return(
    database_url: str, redis_url: str, namespace: str
) -> None:
    here = settings_for(database_url, redis_url, namespace)
    away = replace(here, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    counts = RequestCounts(10, clock=lambda: AT)
    exchange = RequestExchange(counts, away)
    before = telemetry.REDIS_ERRORS._value.get()
    with capture_logs() as lines:
        for _ in range(2):
            counts.take(uuid.UUID(int=5))
            assert not exchange.run_once()
        exchange._redis = RequestExchange(counts, here)._redis
        for _ in range(2):
            counts.take(uuid.UUID(int=5))
            assert exchange.run_once()
    assert [line["event"] for line in lines] == [
        "requests counted in memory",
        "requests counted in Redis again",
    ]
    assert telemetry.REDIS_ERRORS._value.get() == before + 2
    assert counts.take(uuid.UUID(int=5)).left == 5


def test_concurrent_requests_of_one_process_do_not_share_the_last_place() -> None:
    counts, start = RequestCounts(500, clock=lambda: AT), threading.Barrier(8)
    allowed: list[int] = []

    def send() -> None:
        start.wait()
        allowed.append(sum(counts.take(uuid.UUID(int=5)).allowed for _ in range(200)))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 500


def test_the_description_of_the_api_says_where_429_may_come(made: Made) -> None:
    document = made().test_client().get("/api/openapi.json").get_json()
    assert "429" in document["paths"]["/api/tasks/"]["post"]["responses"]
    assert "429" not in document["paths"]["/api/register/"]["post"]["responses"]
    refused = document["components"]["responses"]["TOO_MANY_REQUESTS"]
    assert set(refused["headers"]) == {"Retry-After", "RateLimit", "RateLimit-Policy"}
