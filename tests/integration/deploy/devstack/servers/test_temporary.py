"""The servers that tests lean on: killed, started again, and never left behind."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, text

from punctual_devstack.processes.pids import started_at
from punctual_devstack.servers.temporary import Servers, temporary_servers
from tests.support.eventually import eventually
from tests.support.processes import process_with_pipes


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with temporary_servers() as found:
        yield found


def test_what_was_committed_is_there_after_a_crash_at_the_same_address(servers: Servers) -> None:
    url = servers.create_database("crash")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept AS SELECT 1 AS one"))
    engine.dispose()
    servers.postgres.kill()
    servers.postgres.start()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT one FROM kept")).scalar_one() == 1
    engine.dispose()


def test_messages_are_there_after_a_crash_at_the_same_address(servers: Servers) -> None:
    with redis.Redis.from_url(servers.redis_url(7)) as client:
        client.set("kept", 1)
        servers.valkey.kill()
        servers.valkey.start()
        assert client.get("kept") == b"1"


def test_a_login_without_the_password_is_refused(servers: Servers) -> None:
    port = servers.postgres.kind.port
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(
            host="127.0.0.1", port=port, user="punctual", password="x", dbname="postgres"
        )
    with (
        redis.Redis(port=servers.valkey.kind.port, retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        client.ping()


def test_they_are_gone_after_use() -> None:
    with temporary_servers() as servers:
        pids = [servers.postgres.pid, servers.valkey.pid]
        folder = servers.folder
    assert all(pid and started_at(pid) is None for pid in pids)
    assert not folder.exists()


def test_they_die_with_the_process_that_started_them() -> None:
    code = """
from punctual_devstack.servers.temporary import temporary_servers
with temporary_servers() as servers:
    print(servers.postgres.pid, servers.valkey.pid, flush=True)
    input()
"""
    with process_with_pipes(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout is not None
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(pids) == 2
        assert all(started_at(pid) for pid in pids)
    eventually(lambda: all(started_at(pid) is None for pid in pids))
