"""PostgreSQL or Redis is frozen: it keeps its connections and answers nothing on any of them."""

import os
import resource
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from punctual_api.http.database import THREADS
from punctual_devstack.servers.temporary import Servers, temporary_servers
from tests.integration.api.conftest import PASSWORD
from tests.integration.api.served import Served, serving
from tests.support.eventually import eventually
from tests.support.frozen import frozen
from tests.support.servers import TEMPLATE, create_template

WHO = {"username": "anna", "password": PASSWORD}


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Servers of this file's own."""
    with temporary_servers() as started:
        create_template(started)
        yield started


@pytest.fixture
def served(servers: Servers, tmp_path: Path) -> Iterator[Served]:
    """A live API on them."""
    name = f"frozen_{tmp_path.name}"
    url = servers.create_database(name, template=TEMPLATE)
    patient = servers.redis_url().replace("socket_timeout=5", "socket_timeout=60")
    with serving(tmp_path, database_url=url, redis_url=patient) as found:
        found.client.post(
            "/api/register/", json={**WHO, "email": "a@example.com"}
        ).raise_for_status()
        yield found


def user(client: httpx.Client) -> dict[str, str]:
    """The headers of a user who is logged in."""
    token = client.post("/api/login/", json=WHO).raise_for_status().json()["token"]
    return {"Authorization": f"Token {token}"}


def is_refused(answer: httpx.Response) -> bool:
    """Whether it says, as a problem, when to come again."""
    return (
        answer.status_code == 503
        and answer.headers["Content-Type"] == "application/problem+json"
        and int(answer.headers["Retry-After"]) > 0
    )


def test_requests_are_refused_while_postgresql_is_frozen_and_answered_after(
    served: Served, servers: Servers
) -> None:
    client, headers = served.client, user(served.client)

    def tasks(_: int = 0) -> httpx.Response:
        return client.get("/api/tasks/", headers=headers)

    with ThreadPoolExecutor(3 * THREADS) as pool:
        assert {answer.status_code for answer in pool.map(tasks, range(3 * THREADS))} == {200}
        with frozen(servers.postgres):
            # More at once than there are threads, on connections that were open before and not.
            assert all(map(is_refused, pool.map(tasks, range(3 * THREADS))))
            assert is_refused(client.post("/api/login/", json=WHO))
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 503
            metrics = client.get("/metrics").raise_for_status().text
            assert "\npunctual_workers " not in metrics
            page = client.get("/login/", headers={"Accept": "text/html"})
            assert page.status_code in {200, 503}
        eventually(lambda: tasks().status_code == 200, within=20)


def test_a_database_that_lets_no_client_in_makes_the_api_unready(
    served: Served, servers: Servers
) -> None:
    client = served.client
    assert client.get("/readyz").status_code == 200
    assert servers.postgres.pid is not None
    os.kill(servers.postgres.pid, signal.SIGTERM)  # open connections stay, new ones are refused
    try:
        eventually(lambda: client.get("/readyz").status_code == 503, within=15)
        [reason] = [each for each in client.get("/readyz").json()["reasons"] if "database" in each]
        assert reason == "database: takes no new connection: the database system is shutting down"
    finally:
        servers.postgres.stop()
        servers.postgres.start()
    eventually(lambda: client.get("/readyz").status_code == 200, within=15)


def test_a_queue_on_a_full_disk_is_said_to_refuse_writes(served: Served, servers: Servers) -> None:
    assert servers.valkey.pid is not None
    with redis.Redis.from_url(servers.redis_url(), retry=Retry(NoBackoff(), 0)) as client:

        def writes() -> bool:
            try:
                return bool(client.set("full", 0))
            except redis.ResponseError:
                return False

        limits = resource.prlimit(servers.valkey.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(servers.valkey.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            eventually(lambda: not writes())
            answer = served.client.get("/readyz").json()
        finally:
            resource.prlimit(servers.valkey.pid, resource.RLIMIT_FSIZE, limits)
        [reason] = [each for each in answer["reasons"] if each.startswith("queue")]
        assert reason.startswith("queue: refuses writes (MISCONF ")
        eventually(writes)


def test_logins_are_answered_while_redis_is_frozen_and_guessing_still_gets_slow(
    served: Served, servers: Servers
) -> None:
    client = served.client
    wrong = {"username": "anna", "password": "wrong one"}
    with frozen(servers.valkey):
        assert client.post("/api/login/", json=WHO).status_code == 200
        assert "queue" in client.get("/readyz").json()["degraded"]
        codes = [client.post("/api/login/", json=wrong).status_code for _ in range(12)]
        assert codes[-1] == 429
