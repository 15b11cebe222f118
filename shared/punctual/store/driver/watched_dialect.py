"""The dialect of a service that watches its statements: it records each thread's wait."""

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.engine import make_url

from punctual.store.driver.dialect import Dialect

NAME = "postgresql+punctual_api"

InFlight = tuple[Any, float]
"""The connection that a thread waits for, None while it is being opened, and since when."""


class WatchedDialect(Dialect):
    """The services' dialect, which records for each thread what it waits for."""

    supports_statement_cache = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.in_flight: dict[int, InFlight] = {}
        self.check: Callable[[], None] = _nothing
        """Raises while the database is known to be away."""

    def connect(self, *args: Any, **options: Any) -> Any:
        """Open a connection."""
        self.check()  # the pool opens one in place of one that was ended
        return self._noted(None, super().connect, *args, **options)

    def do_ping(self, dbapi_connection: Any) -> bool:
        """Return whether the server is there."""
        return bool(self._noted(dbapi_connection, super().do_ping, dbapi_connection))

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit, and record the wait for it."""
        self._noted(dbapi_connection.dbapi_connection, super().do_commit, dbapi_connection)

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Roll back."""
        self._noted(dbapi_connection.dbapi_connection, super().do_rollback, dbapi_connection)

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Execute a statement."""
        thread, in_flight = threading.get_ident(), self.in_flight
        in_flight[thread] = (cursor.connection, time.monotonic())
        try:
            super().do_execute(cursor, statement, parameters, context)
        finally:
            in_flight.pop(thread, None)

    def do_executemany(
        self, cursor: Any, statement: str, parameters: Any, context: Any = None
    ) -> None:
        """Execute a statement for each of the parameters."""
        line = cursor.connection
        if line.unsent:
            self.do_execute(cursor, "SELECT", None, context)
        self._noted(line, super().do_executemany, cursor, statement, parameters, context)

    def _noted(self, line: Any, wait: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        thread = threading.get_ident()
        self.in_flight[thread] = (line, time.monotonic())
        try:
            return wait(*arguments, **options)
        finally:
            self.in_flight.pop(thread, None)


def _nothing() -> None:
    return


def watched_url(database_url: str) -> str:
    """Return the URL with this dialect named in it."""
    return make_url(database_url).set(drivername=NAME).render_as_string(hide_password=False)


registry.register(NAME.replace("+", "."), __name__, WatchedDialect.__name__)
