"""The pulse: how long ago this coordinator last finished a whole cycle, and what if too long."""

import os
import threading
import time

import structlog

from punctual import telemetry

log = structlog.get_logger()

SILENT_SECONDS = 90.0
SILENT_CYCLES = 3
STOP_SECONDS = 4.5


class Pulse:
    """Beats once a finished cycle; `limit` seconds without a beat mean that something hangs."""

    def __init__(self, *, cycle_seconds: float) -> None:
        self.limit = max(SILENT_SECONDS, SILENT_CYCLES * cycle_seconds)
        self.began = False
        self._last = time.monotonic()
        telemetry.CYCLE_AGE.set_function(self.age)

    def beat(self) -> None:
        """Note that a cycle has finished."""
        self.began = True
        self._last = time.monotonic()

    def age(self) -> float:
        """Seconds since the last finished cycle, or since the start."""
        return time.monotonic() - self._last

    def guard(self, stop: threading.Event) -> None:
        """End the process, non-zero, once the pulse has stopped; after `stop`, within 4.5 s.

        No exception and no `sys.exit`: the interpreter would wait for the very threads that hang.
        Whoever supervises this process starts a fresh one; a transaction it left open is undone.
        """
        while not stop.wait(1.0):
            age = self.age()
            if age > self.limit:
                try:
                    log.critical("no cycle finished in time", age_seconds=round(age))
                finally:
                    os._exit(1)
        threading.Event().wait(STOP_SECONDS)
        try:
            log.warning("a duty did not end in time", waited_seconds=STOP_SECONDS)
        finally:
            os._exit(0)
