"""What this coordinator knows about its database: whether it answers, and for how long already."""

import sys
import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from punctual import telemetry

log = structlog.get_logger()

# SQLSTATE classes of a server that is going down, starting, unreachable or out of resources.
AWAY_CLASSES = ("08", "53", "57P")


def clock() -> float:
    """Seconds since some instant, the time this machine was suspended included."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Contact:
    """Contact with the database, broken by an error or by too long a silence; one log per outage.

    `patience` is the silence in seconds after which workers may have been cut off as well.
    """

    def __init__(self, *, patience: float, clock: Callable[[], float] = clock) -> None:
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._last = clock()
        self._since: float | None = None
        self._away = False

    def made(self) -> None:
        """Note that the database has just answered."""
        with self._lock:
            now = self._clock()
            if self._since is None or now - self._last > self._patience:
                self._since = now
            self._last = now
            came_back, self._away = self._away, False
        if came_back:
            log.info("database back")

    def failed(self, error: DBAPIError) -> bool:
        """Note an error, and answer whether it means that the database is away."""
        telemetry.DATABASE_ERRORS.inc()
        if not is_outage(error):
            return False
        with self._lock:
            first, self._away, self._since = not self._away, True, None
        if first:
            log.warning("database away", error=str(error.orig).strip())
        return True

    def unbroken_for(self, seconds: float) -> bool:
        """Whether the database has answered without interruption for so long."""
        with self._lock:
            now = self._clock()
            silent = now - self._last > self._patience
            return self._since is not None and not silent and now - self._since >= seconds


def is_outage(error: DBAPIError) -> bool:
    """Whether an error is the server's absence, and not an answer that it gave."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code: str | None = getattr(error.orig, "pgcode", None)
    return error.connection_invalidated or code is None or code.startswith(AWAY_CLASSES)
