"""Signals that are acted on in a thread of their own.

A handler runs in the main thread, in the midst of whatever that does. One that set an Event there
would wait for ever while the main thread is inside Event.wait() or Event.set(), and holds its lock.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress


class SignalThread:
    """Takes signals from now on, and acts on each of them once it is started."""

    def __init__(self, numbers: Iterable[signal.Signals], act: Callable[[], None]) -> None:
        """Take these signals; in the main thread."""
        self._act = act
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in numbers:
            signal.signal(number, self._note)

    def start(self) -> None:
        """Act on what came so far and on what comes; a process that still forks waits with it."""
        threading.Thread(target=self._run, name="signals", daemon=True).start()

    def _note(self, _number: int, _frame: object) -> None:
        with suppress(BlockingIOError):  # thousands wait already
            os.write(self._writer, b".")

    def _run(self) -> None:
        while os.read(self._reader, 1):
            self._act()
