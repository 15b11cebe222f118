"""What the driver overrides is still there in SQLAlchemy and psycopg2, and is called as before."""

import inspect
from collections.abc import Iterator
from typing import Any

import psycopg2.extensions
import pytest
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from punctual.store.driver.dialect import Dialect, DriverConnection
from punctual.store.driver.watched_dialect import WatchedDialect


def overridden() -> Iterator[tuple[type, str]]:
    """Each method of our dialects that SQLAlchemy calls."""
    for dialect in (Dialect, WatchedDialect):
        for name, member in vars(dialect).items():
            if inspect.isfunction(member) and not name.startswith("_"):
                yield dialect, name


def required(function: Any) -> list[str]:
    """The parameters that a caller has to pass, by name; none where all are passed through."""
    parameters = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return []
    return [one.name for one in parameters if one.default is one.empty]


@pytest.mark.parametrize(("dialect", "name"), list(overridden()))
def test_what_a_dialect_overrides_takes_what_sqlalchemys_own_takes(
    dialect: type, name: str
) -> None:
    own, theirs = getattr(dialect, name), getattr(PGDialect_psycopg2, name)
    if required(own):
        assert len(required(own)) == len(required(theirs))


def test_every_way_to_execute_and_to_end_a_transaction_is_overridden() -> None:
    ways = {"do_begin", "do_commit", "do_rollback", "do_ping"} | {
        name for name in dir(PGDialect_psycopg2) if name.startswith("do_execute")
    }
    assert ways <= vars(Dialect).keys()


def test_a_connection_can_be_subclassed_and_keeps_its_transaction_status() -> None:
    assert issubclass(DriverConnection, psycopg2.extensions.connection)
    assert callable(DriverConnection.get_transaction_status)
    assert psycopg2.extensions.TRANSACTION_STATUS_IDLE == 0
