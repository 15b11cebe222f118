"""Run hot statements as prepared statements, bypassing SQLAlchemy's result objects."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import psycopg2
from sqlalchemy import Connection, TextClause
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from punctual.store.driver.dialect import send_later
from punctual.store.driver.error_values import hide_values
from punctual.store.driver.prepared_statements import ready

SPELLING = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]  # as psycopg2


def rows(
    connection: Connection, name: str, statement: TextClause, parameters: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """Return the statement's rows; it is prepared under `name`, and raises SQLAlchemy's errors."""
    return _carry_out(connection, _spelled(ready(connection, name, statement)), parameters)


def later(
    connection: Connection, name: str, statement: TextClause, parameters: Mapping[str, object]
) -> None:
    """Execute the statement together with the transaction's next one, its COMMIT at the latest.

    For one whose rows are not needed: it saves a round trip. Its errors are raised there.
    """
    sql = _spelled(ready(connection, name, statement))
    send_later(_begun(connection), sql, parameters)


def _begun(connection: Connection) -> Any:
    """Return the driver's own connection, with a transaction begun."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.dbapi_connection


def _carry_out(
    connection: Connection, sql: str, parameters: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    line, dialect = _begun(connection), connection.dialect
    cursor = line.cursor()
    try:
        dialect.do_execute(cursor, sql, parameters)
        return list(cursor.fetchall() if cursor.description else ())
    except psycopg2.Error as error:
        hide_values(error)
        lost = dialect.is_disconnect(error, line, cursor)  # type: ignore[arg-type]  # any driver's
        if lost:  # so that the pool hands it out to no one
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql,
            parameters,
            error,
            psycopg2.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        ) from error
    finally:
        cursor.close()


@cache
def _spelled(statement: TextClause) -> str:
    """Return the statement as psycopg2 takes it."""
    return str(statement.compile(dialect=SPELLING))
