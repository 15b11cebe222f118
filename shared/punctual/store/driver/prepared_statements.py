"""Prepared statements: parsed and planned once per connection, not for each batch."""

import zlib
from collections.abc import Mapping
from functools import cache
from time import monotonic
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, TextClause, text
from sqlalchemy.dialects import postgresql

PLAN_SECONDS = 60.0
"""Age at which a plan is made anew, for tables that have grown since."""

PLANNED_AT = "punctual_planned_at"
NUMBERED = postgresql.dialect(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    paramstyle="numeric_dollar"
)


class Prepared(NamedTuple):
    """A statement as SQL prepares and executes it, under a name of its own."""

    name: str
    prepare: str
    execute: TextClause


def execute(
    connection: Connection, name: str, statement: TextClause, parameters: Mapping[str, object]
) -> CursorResult[*tuple[Any, ...]]:
    """Execute the statement; prepare it first when this connection has not yet.

    The type of each of its parameters must be clear from the statement. `name` is what begins the
    statement's name on the wire and in PostgreSQL's own views.
    """
    return connection.execute(ready(connection, name, statement), parameters)


def ready(connection: Connection, name: str, statement: TextClause) -> TextClause:
    """Return the EXECUTE statement for this connection, where it is prepared by then."""
    known, now, info = prepared(name, statement.text), monotonic(), connection.info
    if now - info.setdefault(PLANNED_AT, now) > PLAN_SECONDS:
        connection.exec_driver_sql("DISCARD PLANS")
        info[PLANNED_AT] = now
    if known.name not in info:  # goes with the connection, not with the transaction
        connection.exec_driver_sql(known.prepare.replace("%", "%%"))
        info[known.name] = True
    return known.execute


@cache
def prepared(name: str, sql: str) -> Prepared:
    """Return the prepared form of `sql`; parameters are `:named`, each text has its own name."""
    compiled = text(sql).compile(dialect=NUMBERED)
    own_name = f"{name}_{zlib.crc32(sql.encode()):08x}"
    arguments = ", ".join(f":{parameter}" for parameter in compiled.positiontup or ())
    return Prepared(
        own_name,
        f"PREPARE {own_name} AS {compiled.string.strip()}",
        text(f"EXECUTE {own_name} ({arguments})" if arguments else f"EXECUTE {own_name}"),
    )
