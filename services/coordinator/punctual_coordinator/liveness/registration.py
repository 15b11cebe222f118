"""Registration: this coordinator's row in the database, renewed and finally removed.

Its heartbeats record as well that the database takes them: workers are buried by that record.
"""

import os
import socket
import threading
import uuid
from datetime import timedelta
from importlib.metadata import version

import structlog
from sqlalchemy import Engine

from punctual import DISTRIBUTION
from punctual.store.processes.coordinators import beat, leave, register
from punctual.store.processes.uptime import record_uptime

log = structlog.get_logger()

EVERY_SECONDS = 5.0
BEATS_IN_A_LEASE = 6
"""Three in the half lease that uptime allows between two of them."""


class Registration:
    """Shows that this coordinator is alive, and when it last finished a cycle."""

    def __init__(self, engine: Engine, *, name: str, lease: timedelta) -> None:
        self._engine = engine
        self._lease = lease
        self._name = name
        self._id: uuid.UUID | None = None
        self._lock = threading.Lock()

    @property
    def every_seconds(self) -> float:
        """Return the interval of heartbeats."""
        return min(EVERY_SECONDS, self._lease.total_seconds() / BEATS_IN_A_LEASE)

    def run_once(self) -> None:
        """Renew the heartbeat, and record that heartbeats can be written."""
        self.beat()
        with self._engine.begin() as connection:
            record_uptime(connection, lease=self._lease)

    def beat(self, *, cycled: bool = False) -> None:
        """Renew the heartbeat; register first if needed."""
        with self._lock, self._engine.begin() as connection:
            if self._id and beat(connection, coordinator_id=self._id, cycled=cycled):
                return
            self._id = register(
                connection,
                name=self._name,
                host=socket.gethostname(),
                pid=os.getpid(),
                version=version(DISTRIBUTION),
            )
            beat(connection, coordinator_id=self._id, cycled=cycled)
        log.info("coordinator registered", coordinator_id=str(self._id))

    def leave(self) -> None:
        """Take it off the list: it stops in good order."""
        with self._lock:
            if self._id is not None:
                with self._engine.begin() as connection:
                    leave(connection, coordinator_id=self._id)
