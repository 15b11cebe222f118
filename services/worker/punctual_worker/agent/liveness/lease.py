"""This worker's right to what it holds, as its heartbeats renewed it."""

import threading
import time


class WorkerLease:
    """How long this worker may start and run commands, and what room its peers last had.

    The self-fence counts from before the heartbeat was sent, on a clock that no one can set, so
    it ends before the database's own count of the lease does.
    """

    def __init__(self, *, self_fence_seconds: float) -> None:
        self._lock = threading.Lock()
        self._length_ns = int(self_fence_seconds * 1e9)
        self._until_ns = 0
        self._beat_ns = time.monotonic_ns()
        self._room_elsewhere = 0

    def renew(self, *, sent_ns: int, room_elsewhere: int) -> int:
        """Renew from a heartbeat sent at `sent_ns`; return until when (CLOCK_MONOTONIC, ns)."""
        with self._lock:
            self._beat_ns = sent_ns
            self._until_ns = sent_ns + self._length_ns
            self._room_elsewhere = room_elsewhere
            return self._until_ns

    @property
    def fresh(self) -> bool:
        """Whether starting is allowed now."""
        with self._lock:
            return time.monotonic_ns() < self._until_ns

    @property
    def age_seconds(self) -> float:
        """How long ago the last heartbeat was answered."""
        with self._lock:
            return (time.monotonic_ns() - self._beat_ns) / 1e9

    @property
    def room_elsewhere(self) -> int:
        """The free slots that other workers had at the last heartbeat, less what we sent them."""
        with self._lock:
            return self._room_elsewhere

    def sent_elsewhere(self, runs: int) -> None:
        """Count runs that were released for other workers to take."""
        with self._lock:
            self._room_elsewhere = max(self._room_elsewhere - runs, 0)
