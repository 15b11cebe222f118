"""Watchdog: exit if no cycle finishes in time."""

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from punctual.ops import telemetry
from punctual.ops.progress import Progress
from punctual.store.processes.database_silences import Predecessor

log = structlog.get_logger()

SILENT_SECONDS = 90.0
SILENT_CYCLES = 3
STOP_SECONDS = 4.5
RESTART_SECONDS = 30.0
"""How long a supervisor may take to start the process anew."""


class Watchdog:
    """Notes each finished cycle; `max_age_seconds` without one mean that something hangs."""

    def __init__(self, progress: Progress, *, cycle_seconds: float) -> None:
        self._progress = progress
        self.max_age_seconds = max(SILENT_SECONDS, SILENT_CYCLES * cycle_seconds)
        self.began = False
        self._last = time.monotonic()
        telemetry.CYCLE_AGE.set_function(self.age)

    def beat(self) -> None:
        """Note that a cycle has finished."""
        self.began = True
        self._last = time.monotonic()

    def age(self) -> float:
        """Return seconds since the last finished cycle, or since the start."""
        return time.monotonic() - self._last

    def predecessor(self, name: str) -> Predecessor:
        """Return which process a watchdog may have ended just before this one."""
        within = timedelta(seconds=self.max_age_seconds + RESTART_SECONDS)
        return Predecessor(name, socket.gethostname(), within)

    def end_with(self, work: Callable[[], None], stop: threading.Event) -> None:
        """Run a thread's work; an error in it ends the process, which would be half dead."""
        try:
            work()
        except Exception as error:
            log.critical("thread died", error=repr(error), exc_info=True)
            raise
        finally:
            if not stop.is_set():
                os._exit(1)

    def guard(self, stop: threading.Event, *, awake: Callable[[], None]) -> None:
        """End the process, non-zero, once cycles have stopped; after `stop`, within 4.5 s.

        Calls `awake` every second, which a process that is frozen does not.

        No exception and no `sys.exit`: the interpreter would wait for the very threads that hang.
        The supervisor of this process starts a fresh one; a transaction it left open is undone.
        """
        while not stop.wait(1.0):
            awake()
            age, stuck = self.age(), self._progress.look()
            try:
                if age > self.max_age_seconds:
                    log.critical("cycle stuck", age_seconds=round(age))
                elif stuck:
                    log.critical("duty stuck", duties=stuck)
            finally:
                if age > self.max_age_seconds or stuck:
                    os._exit(1)
        threading.Event().wait(STOP_SECONDS)
        try:
            log.warning("unfinished duty abandoned", waited_seconds=STOP_SECONDS)
        finally:
            os._exit(0)
