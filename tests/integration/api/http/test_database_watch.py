"""What waits for the database is ended when it waits in vain, and only then."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from punctual.store.driver.engine import driver_url, ping
from punctual.store.driver.watched_dialect import watched_url
from punctual_api.app import create_app
from punctual_api.http.database import release_database
from punctual_api.http.database_watch import DatabaseAwayError, DatabaseWatch
from tests.integration.api.conftest import settings_for
from tests.support.eventually import eventually

END_SLEEPERS = text("""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep%'
""")

CONNECTIONS = text("""
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'punctual_api'
""")


@pytest.fixture
def watched(database_url: str) -> Iterator[Engine]:
    """An engine whose statements are noted."""
    made = create_engine(watched_url(driver_url(database_url)))
    yield made
    made.dispose()


@contextmanager
def sleeping(engine: Engine, seconds: float) -> Iterator["Future[None]"]:
    """A thread that waits for a statement."""

    def sleep() -> None:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(sleep)
    with engine.connect() as connection:  # a server does not see at once that its client left
        connection.execute(END_SLEEPERS)


def watch_of(engine: Engine, queried: Engine, **options: float) -> DatabaseWatch:
    """A watch over an engine, which asks on another."""
    in_flight = engine.dialect.in_flight  # type: ignore[attr-defined]
    return DatabaseWatch(in_flight, lambda: ping(queried), **options)


def looked(watch: DatabaseWatch) -> bool:
    """Look once."""
    watch.look()
    return True


def test_a_slow_statement_of_a_server_that_answers_is_waited_for(
    watched: Engine, engine: Engine
) -> None:
    watch = watch_of(watched, engine)
    with sleeping(watched, 3) as slow:
        watch.check()  # its thread looks from now on
        slow.result(10)
        watch.check()
    watch.stop()


def test_a_statement_that_outlasts_the_servers_own_limit_is_ended(
    watched: Engine, engine: Engine
) -> None:
    watch = watch_of(watched, engine, longest_seconds=0)
    with sleeping(watched, 10) as frozen:
        eventually(lambda: looked(watch) and frozen.done())
        with pytest.raises(OperationalError):
            frozen.result()
    watch.check()
    watch.stop()
    with watched.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_while_the_server_does_not_answer_no_query_is_sent(watched: Engine) -> None:
    answers = threading.Event()

    def query() -> None:
        if not answers.is_set():
            raise SQLAlchemyError("no answer")

    watch = DatabaseWatch(watched.dialect.in_flight, query)  # type: ignore[attr-defined]
    with sleeping(watched, 10) as frozen:
        eventually(lambda: looked(watch) and watch.is_away)
        with pytest.raises(DatabaseAwayError):
            watch.check()
        with pytest.raises(OperationalError):
            frozen.result(10)
    answers.set()
    watch.look()
    watch.check()
    watch.stop()


def test_an_app_that_is_closed_leaves_no_connection(
    engine: Engine, database_url: str, redis_url: str, namespace: str
) -> None:
    for _ in range(10):  # the first request starts the watch, and the end comes before its answer
        app = create_app(settings_for(database_url, redis_url, namespace))
        app.test_client().get("/api/tasks/", headers={"Authorization": "Token unknown"})
        release_database(app)
    eventually(lambda: connections_of_the_api(engine) == 0)


def connections_of_the_api(engine: Engine) -> int:
    """Count the connections of the API's role."""
    with engine.connect() as connection:
        return int(connection.execute(CONNECTIONS).scalar_one())
