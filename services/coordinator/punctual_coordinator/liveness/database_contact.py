"""Database contact: whether the database answers this coordinator, and since when."""

import sys
import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from punctual.ops import telemetry
from punctual_coordinator.liveness.database_silence import SilenceWatch

log = structlog.get_logger()

# SQLSTATE classes of a server that is going down, starting, unreachable or out of resources.
AWAY_CLASSES = ("08", "53", "57P")


def clock() -> float:
    """Return seconds since an arbitrary instant, suspended time included."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class DatabaseContact:
    """Records this process's contact with the database; logs once per outage.

    How long the database was up before this process started is in store/processes/uptime.py.
    """

    def __init__(self, *, clock: Callable[[], float] = clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._away = False
        self._back_at: float | None = None
        self.silence = SilenceWatch(clock)

    def made(self) -> None:
        """Note that the database has just answered."""
        self.silence.answered()
        with self._lock:
            came_back, self._away = self._away, False
            if came_back:
                self._back_at = self._clock()
        if came_back:
            log.info("database connection restored")

    def failed(self, error: DBAPIError) -> bool:
        """Note an error, and answer whether it means that the database is away."""
        telemetry.DATABASE_ERRORS.inc()
        if not is_outage(error):
            self.silence.answered()
            return False
        with self._lock:
            first, self._away = not self._away, True
        if first:
            log.warning("database connection lost", error=str(error.orig).strip())
        return True

    def unbroken_for(self, seconds: float) -> bool:
        """Return False if the database is away, or was within the last `seconds`."""
        with self._lock:
            lately = self._back_at is not None and self._clock() - self._back_at < seconds
            return not self._away and not lately


def is_outage(error: DBAPIError) -> bool:
    """Return whether an error means that the server is away, and is not its answer."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code: str | None = getattr(error.orig, "pgcode", None)
    return error.connection_invalidated or code is None or code.startswith(AWAY_CLASSES)
