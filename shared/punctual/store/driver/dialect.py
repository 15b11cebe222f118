"""SQLAlchemy's psycopg2 dialect with fewer round trips, for short transactions."""

import select
import time
from collections.abc import Callable, Mapping
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine import make_url

NAME = "postgresql+punctual"

TRUSTED_SECONDS = 1.0
"""For this long after a ping a connection counts as alive, unless its socket is closed."""

IDLE = psycopg2.extensions.TRANSACTION_STATUS_IDLE
FAILED = psycopg2.extensions.TRANSACTION_STATUS_INERROR
BEGIN, NOTHING = b"BEGIN;", b""


def quick_url(database_url: str) -> str:
    """Return the URL with this dialect named in it."""
    return make_url(database_url).set(drivername=NAME).render_as_string(hide_password=False)


class DriverConnection(psycopg2.extensions.connection):
    """A connection with the time of its last ping, and what goes ahead of its next statement."""

    pinged = 0.0
    unsent = b""


class Dialect(PGDialect_psycopg2):
    """Sends BEGIN with the first statement of a transaction, and pings once a second at most.

    A statement left by `send_later` goes with the next one too, or with COMMIT. For READ COMMITTED
    alone: psycopg2 itself stays in autocommit.
    """

    supports_statement_cache = True

    def connect(self, *args: Any, **options: Any) -> Any:
        """Return a new connection."""
        return super().connect(*args, connection_factory=DriverConnection, **options)

    def on_connect(self) -> Callable[[Any], None]:
        """Return a hook that prepares each new connection."""
        usual = super().on_connect()  # type: ignore[no-untyped-call]

        def prepare(line: DriverConnection) -> None:
            usual(line)
            line.autocommit = True

        return prepare

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Return whether the server is there; raises psycopg2's errors when it is not.

        A server that ended, was restarted or closed the connection has said so to the socket. One
        that vanished without a word is found out by a real ping.
        """
        if is_trusted(dbapi_connection):
            return True
        alive: bool = super().do_ping(dbapi_connection)  # type: ignore[no-untyped-call]
        dbapi_connection.pinged = time.monotonic()
        return alive

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin a transaction, as soon as there is something to do in it."""
        dbapi_connection.dbapi_connection.unsent = BEGIN

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit, if a transaction was begun or a statement was left for it."""
        line = dbapi_connection.dbapi_connection
        _end(line, b"COMMIT", left=NOTHING if line.unsent == BEGIN else line.unsent)

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back what was begun."""
        _end(dbapi_connection.dbapi_connection, b"ROLLBACK")

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute a statement, with what is unsent ahead of it, in one message."""
        line = cursor.connection
        if not line.unsent:
            cursor.execute(statement, parameters)
            return
        try:
            cursor.execute(line.unsent + cursor.mogrify(statement, parameters))
        except BaseException:
            # Of a message that PostgreSQL cannot parse it executes nothing.
            if line.get_transaction_status() != IDLE:
                line.unsent = NOTHING
            raise
        line.unsent = NOTHING

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        """Execute a statement in which % means itself."""
        self.do_execute(cursor, statement, None, context)

    def do_executemany(
        self, cursor: Any, statement: str, parameters: Any, context: Any = None
    ) -> None:
        """Execute a statement for each of the parameters."""
        if cursor.connection.unsent:  # psycopg2 may send them one by one
            self.do_execute(cursor, "SELECT", None, context)
        super().do_executemany(  # type: ignore[no-untyped-call]
            cursor, statement, parameters, context
        )


def send_later(line: Any, statement: str, parameters: Mapping[str, object]) -> None:
    """Leave a statement for the next one of its transaction; what is wrong with it is raised there.

    Its rows are lost. Outside a transaction, and on a connection of another dialect, it is executed
    at once.
    """
    with line.cursor() as cursor:
        if not isinstance(line, DriverConnection) or (
            line.unsent == NOTHING and line.get_transaction_status() == IDLE
        ):
            cursor.execute(statement, parameters)
        else:
            line.unsent += cursor.mogrify(statement, parameters) + b";"


def _end(line: DriverConnection, statement: bytes, *, left: bytes = NOTHING) -> None:
    line.unsent = NOTHING
    if not left and line.get_transaction_status() == IDLE:
        return
    with line.cursor() as cursor:
        try:
            cursor.execute(left + statement)
        except psycopg2.Error:
            if line.get_transaction_status() == FAILED:  # what was left failed, COMMIT was not read
                cursor.execute(b"ROLLBACK")
            raise


def is_trusted(line: Any) -> bool:
    """Return whether a connection was pinged of late and nothing has come in since, as an error."""
    if line.closed or time.monotonic() >= line.pinged + TRUSTED_SECONDS:
        return False
    poll = select.poll()
    poll.register(line.fileno(), select.POLLIN)
    return not poll.poll(0)


registry.register(NAME.replace("+", "."), __name__, Dialect.__name__)
