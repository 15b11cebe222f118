"""Progress: when each long-lived loop of a process last ran, and which are stuck.

That a process lives, or that one of its threads beats, says nothing of the others. So each loop
marks its turns, idle ones too, and what speaks for the whole process (lease, readiness, watchdog)
asks here.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from punctual.ops import telemetry

STUCK_SECONDS = 40.0
"""More than any turn takes: a statement is cancelled after 15 s, a wait for a lock after 5 s."""
FROZEN_SECONDS = 5.0
"""Looks come several times a second; a gap this long means that the whole process stood still."""


class WatchedLoop:
    """One loop: `mark` at each turn, every few seconds at least."""

    def __init__(
        self, name: str, *, within_seconds: float, excusable: bool, clock: Callable[[], float]
    ) -> None:
        self.name = name
        self.within_seconds = within_seconds
        self.excusable = excusable
        self.waiting = False
        self._clock = clock
        self.marked = clock()

    def mark(self) -> None:
        """Note a turn."""
        self.marked = self._clock()

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Wait for something outside of this process, however long, without being stuck."""
        self.waiting = True
        try:
            yield
        finally:
            self.marked = self._clock()
            self.waiting = False


class Progress:
    """The loops of a process; safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._loops: list[WatchedLoop] = []
        self._looked = self._excused = self._frozen = clock()

    def loop(
        self, name: str, *, within_seconds: float = STUCK_SECONDS, excusable: bool = True
    ) -> WatchedLoop:
        """Register a loop that turns at least once in `within_seconds`, if it is not excused."""
        loop = WatchedLoop(
            name, within_seconds=within_seconds, excusable=excusable, clock=self._clock
        )
        with self._lock:
            self._loops.append(loop)
        telemetry.PROGRESS_AGE.labels(name).set_function(lambda: self._clock() - loop.marked)
        return loop

    def forget(self, kind: str) -> None:
        """Expect no more turns of the loops whose names begin with this word."""
        with self._lock:
            self._loops = [loop for loop in self._loops if loop.name.split()[0] != kind]

    def look(self, *, excused: bool = False) -> list[str]:
        """Return what is stuck; to be called often, by one thread.

        While `excused`, as when the database is away, no excusable loop is, nor is any after the
        whole process was frozen: their time then counts from the end of that.
        """
        now = self._clock()
        if excused:
            self._excused = now
        if now - self._looked > FROZEN_SECONDS:
            self._frozen = now
        self._looked = now
        return self.stuck()

    def stuck(self) -> list[str]:
        """Return the names of the loops that have not turned in their time."""
        now = self._clock()
        with self._lock:
            loops = list(self._loops)
        return [loop.name for loop in loops if now - self._since(loop) > loop.within_seconds]

    def _since(self, loop: WatchedLoop) -> float:
        if loop.waiting:
            return self._clock()
        since = max(loop.marked, self._frozen)
        return max(since, self._excused) if loop.excusable else since
