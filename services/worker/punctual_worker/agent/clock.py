"""Database clock: convert due times to this machine's clock."""

import threading
import time
from collections import deque
from datetime import UTC, datetime, timedelta

SAMPLES = 12
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DatabaseClock:
    """Converts between the database's time and this process's monotonic clock.

    Each heartbeat bounds the offset of the two clocks: the database read its own somewhere
    between our sending and our receiving. While "no offset" fits the bounds, as on one machine,
    there is none; otherwise the lower bound is taken, so that nothing ever fires early.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bounds: deque[tuple[float, float]] = deque(maxlen=SAMPLES)
        self.offset_seconds = 0.0

    def observe(self, *, sent: float, answered: float, database: datetime) -> None:
        """Take in one reading of the database's clock between two of `time.time()`."""
        server_time = database.timestamp()
        with self._lock:
            self._bounds.append((server_time - answered, server_time - sent))
            low = max(bound[0] for bound in self._bounds)
            high = min(bound[1] for bound in self._bounds)
            if low > high:  # one of the clocks was set: only the newest reading counts
                newest = self._bounds[-1]
                self._bounds.clear()
                self._bounds.append(newest)
                low, high = newest
            self.offset_seconds = 0.0 if low <= 0 <= high else low

    def now(self) -> datetime:
        """Return the database's time, never ahead of it."""
        return EPOCH + timedelta(seconds=time.time() + self.offset_seconds)

    def monotonic_ns(self, at: datetime) -> int:
        """Return the instant `at` on CLOCK_MONOTONIC, in nanoseconds, rounded up."""
        ahead = at - self.now()
        return time.monotonic_ns() + -(-ahead // timedelta(microseconds=1)) * 1000 + 1000

    def instant(self, monotonic_ns: int) -> datetime:
        """Return the database's time at `monotonic_ns` of CLOCK_MONOTONIC."""
        ago = timedelta(microseconds=(time.monotonic_ns() - monotonic_ns) / 1000)
        return self.now() - ago
