"""Lease: this worker's right to its runs, renewed by its heartbeats."""

import threading
import time


class WorkerLease:
    """Until when this worker may start and run commands, and the room of other workers.

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
        """Return whether starting is allowed now."""
        with self._lock:
            return time.monotonic_ns() < self._until_ns

    @property
    def age_seconds(self) -> float:
        """Return how long ago the last heartbeat was answered."""
        with self._lock:
            return (time.monotonic_ns() - self._beat_ns) / 1e9

    @property
    def room_elsewhere(self) -> int:
        """Return other workers' free slots at the last heartbeat, minus runs released to them."""
        with self._lock:
            return self._room_elsewhere

    def sent_elsewhere(self, runs: int) -> None:
        """Count runs that were released for other workers to take."""
        with self._lock:
            self._room_elsewhere = max(self._room_elsewhere - runs, 0)
