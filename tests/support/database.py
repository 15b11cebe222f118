"""A database for each pytest process, empty again after each test."""

import os
import uuid
from collections.abc import Iterator

import psycopg2
import pytest
import redis
from sqlalchemy import Engine, make_url

from punctual.store.driver.engine import make_engine
from tests.support.eventually import eventually
from tests.support.servers import SharedServers

TABLES = """
    SELECT format('%I', tablename) FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""
OPEN = """
    SELECT pid, application_name, query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


def process_number() -> int:
    """0 for a lone pytest; 1, 2, 3… for the workers of pytest-xdist."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "")
    return int(name.removeprefix("gw")) + 1 if name else 0


@pytest.fixture(scope="session")
def _process_database(shared_servers: SharedServers) -> str:
    return shared_servers.new_database(f"punctual_test_{process_number()}")


@pytest.fixture
def database_url(_process_database: str) -> Iterator[str]:
    """The URL of a database with all tables and no rows, for this test alone."""
    yield _process_database
    empty(_process_database)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's database, as services make it."""
    made = make_engine(database_url, service="test")
    yield made
    made.dispose()


@pytest.fixture
def redis_url(shared_servers: SharedServers) -> Iterator[str]:
    """The URL of an empty Valkey database, for this test alone."""
    url = shared_servers.redis_url(2 * process_number())
    yield url
    with redis.Redis.from_url(url) as client:
        client.flushdb()


@pytest.fixture
def namespace() -> str:
    """A prefix for keys and channels that no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


def empty(database_url: str, *, lock_seconds: float = 5) -> None:
    """Removes every row; fails when the test left a transaction open, saying what it ran."""
    dsn = make_url(database_url).set(drivername="postgresql")
    connection = psycopg2.connect(dsn.render_as_string(hide_password=False))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            try:
                eventually(lambda: _none_open(cursor), within=lock_seconds)
            finally:
                cursor.execute(f"SELECT pg_terminate_backend(pid) FROM ({OPEN}) AS open")
                # DELETE, as TRUNCATE takes 50 ms however few rows there are; the guards of final
                # runs and the foreign keys stand aside for it.
                cursor.execute("SET session_replication_role = replica")
                cursor.execute(TABLES)
                for (table,) in cursor.fetchall():
                    cursor.execute(f"DELETE FROM {table}")
    finally:
        connection.close()


def _none_open(cursor: "psycopg2.extensions.cursor") -> bool:
    cursor.execute(OPEN)
    left = cursor.fetchall()
    assert not left, f"the test left transactions open: {left}"
    return True
