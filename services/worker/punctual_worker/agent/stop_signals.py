"""SIGTERM and SIGINT: the first one drains, a later one ends the drain."""

import signal
import threading
import time

from punctual.ops.signal_thread import SignalThread

REPEAT_SECONDS = 2.0
"""Supervisors signal a process and then its group, or twice: what comes so soon is the same one."""


class StopSignals:
    """Sets `stop` at the first signal, and `stop_now` at one that comes more than 2 s later."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.stop_now = threading.Event()
        self._first = 0.0

    def install(self) -> SignalThread:
        """Take both signals from now on, in the main thread; start what this returns."""
        return SignalThread((signal.SIGTERM, signal.SIGINT), self.note)

    def note(self) -> None:
        """Take one signal."""
        now = time.monotonic()
        if not self.stop.is_set():
            self._first = now
            self.stop.set()
        elif now > self._first + REPEAT_SECONDS:
            self.stop_now.set()
