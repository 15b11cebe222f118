"""Connections go from request to request, but none that is dead, busy or long unasked."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from punctual.store.driver.dialect import quick_url
from punctual.store.driver.engine import driver_url, pool_options
from punctual_api.http.connection_reuse import Connections


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    url = quick_url(driver_url(database_url))
    made = create_engine(url, **pool_options(service="api", size=2))
    yield made
    made.dispose()


@pytest.fixture
def connections(engine: Engine) -> Connections:
    """With one that was pinged and has answered."""
    made = Connections(engine, check=lambda: None)
    for _ in range(2):  # a new one was not pinged yet
        pid(made)
    return made


def pid(connections: Connections) -> int:
    """The server process that a request would talk to."""
    connection = connections.take()
    found: int = connection.scalar(text("SELECT pg_backend_pid()"))
    connection.commit()
    connections.give_back(connection)
    return found


def line(connection: Connection) -> object:
    return connection.connection.dbapi_connection


def test_the_next_request_takes_what_the_last_one_has_given_back(connections: Connections) -> None:
    taken = connections.take()
    with closing(connections.take()) as other:
        assert line(other) is not line(taken)
    connections.give_back(taken)
    assert connections.take() is taken


def test_one_that_the_server_has_ended_is_not_handed_on(
    connections: Connections, engine: Engine
) -> None:
    dead = pid(connections)
    with engine.connect() as elsewhere:
        elsewhere.execute(text("SELECT pg_terminate_backend(:dead, 5000)"), {"dead": dead})
    assert pid(connections) != dead


def test_one_whose_transaction_is_not_over_is_not_handed_on(connections: Connections) -> None:
    busy = connections.take()
    busy.execute(text("CREATE TEMPORARY TABLE half_done () ON COMMIT PRESERVE ROWS"))
    connections.give_back(busy)
    taken = connections.take()
    assert taken is not busy
    assert taken.scalar(text("SELECT to_regclass('half_done')")) is None
    taken.close()


def test_one_that_was_pinged_long_ago_goes_through_the_pool(connections: Connections) -> None:
    taken = connections.take()
    taken.connection.dbapi_connection.pinged -= 60  # type: ignore[union-attr]
    connections.give_back(taken)
    again = connections.take()
    assert again is not taken
    assert taken.closed
    again.close()
