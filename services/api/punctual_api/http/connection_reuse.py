"""Connections between two requests: the next one takes what the last one has given back."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from punctual.store.driver.dialect import is_trusted


class Connections:
    """An engine's connections, which go from request to request as they are.

    Through the pool each time they would get new objects around them, for a thirtieth of what a
    request takes. Once a second they go through it: it pings them, and ends those that are old.
    """

    def __init__(self, engine: Engine, *, check: Callable[[], None]) -> None:
        """`check` raises while the server is known to be away."""
        self._engine = engine
        self._check = check
        self._idle: list[Connection] = []

    def take(self) -> Connection:
        """Return a connection in which nothing has begun, and whose server was there a moment ago.

        Raises what `check` raises.
        """
        self._check()
        while (kept := self._pop()) is not None:
            if is_trusted(kept.connection.dbapi_connection):
                return kept
            kept.close()
        return self._engine.connect()

    def give_back(self, connection: Connection) -> None:
        """Let another request have it, as soon as its transaction is over."""
        if connection.invalidated or connection.in_transaction():
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that no request has."""
        while (kept := self._pop()) is not None:
            kept.close()

    def _pop(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:  # another thread was quicker
            return None
