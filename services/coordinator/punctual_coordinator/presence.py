"""This coordinator's row in the database: entered, kept fresh, and taken out at the end."""

import os
import socket
import threading
import uuid
from importlib.metadata import version

import structlog
from sqlalchemy import Engine

from punctual.store.coordinators import beat, leave, register

log = structlog.get_logger()


class Presence:
    """Shows the others that this coordinator is there, and when it last finished a cycle."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        self._engine = engine
        self._name = name
        self._id: uuid.UUID | None = None
        self._lock = threading.Lock()

    def beat(self, *, cycled: bool = False) -> None:
        """Say that this coordinator is alive; enters it first when it is not on the list."""
        with self._lock, self._engine.begin() as connection:
            if self._id and beat(connection, coordinator_id=self._id, cycled=cycled):
                return
            self._id = register(
                connection,
                name=self._name,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=version("punctual"),
            )
            beat(connection, coordinator_id=self._id, cycled=cycled)
        log.info("coordinator registered", coordinator_id=str(self._id))

    def leave(self) -> None:
        """Take it off the list: it stops in good order."""
        with self._lock:
            if self._id is not None:
                with self._engine.begin() as connection:
                    leave(connection, coordinator_id=self._id)
