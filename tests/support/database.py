"""A database for each pytest process, empty again after each test."""

import os
import uuid
from collections.abc import Iterator

import psycopg2
import pytest
import redis
from sqlalchemy import Engine, make_url

from punctual.store.engine import make_engine
from tests.support.ground import Ground

TABLES = """
    SELECT string_agg(format('%I.%I', schemaname, tablename), ', ')
    FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""
OTHERS = """
    SELECT application_name || ': ' || query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (SELECT true FROM pg_terminate_backend(pid))
"""


def process_number() -> int:
    """0 for a lone pytest; 1, 2, 3… for the workers of pytest-xdist."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "")
    return int(name.removeprefix("gw")) + 1 if name else 0


@pytest.fixture(scope="session")
def _process_database(ground: Ground) -> str:
    return ground.new_database(f"punctual_test_{process_number()}")


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
def redis_url(ground: Ground) -> Iterator[str]:
    """The URL of an empty Valkey database, for this test alone."""
    url = ground.redis_url(2 * process_number())
    yield url
    with redis.Redis.from_url(url) as client:
        client.flushdb()


@pytest.fixture
def namespace() -> str:
    """A prefix for keys and channels that no other test uses."""
    return f"test-{uuid.uuid4().hex[:12]}"


def empty(database_url: str) -> None:
    """Removes every row; fails when the test left a transaction open, saying what it ran."""
    dsn = make_url(database_url).set(drivername="postgresql")
    connection = psycopg2.connect(dsn.render_as_string(hide_password=False))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            row = cursor.fetchone()
            cursor.execute("SET lock_timeout = '5s'")
            try:
                cursor.execute(f"TRUNCATE {row[0] if row else ''} RESTART IDENTITY CASCADE")
            except psycopg2.errors.LockNotAvailable:
                cursor.execute(OTHERS)
                left = "\n".join(each[0] for each in cursor.fetchall())
                cursor.execute(f"TRUNCATE {row[0] if row else ''} RESTART IDENTITY CASCADE")
                raise AssertionError(f"the test left a transaction open:\n{left}") from None
    finally:
        connection.close()
