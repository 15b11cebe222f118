"""The worker's threads: named and watched; a failed thread ends the process."""

import os
import threading
import time
from collections.abc import Callable

import structlog

from punctual.ops.progress import Progress, WatchedLoop

log = structlog.get_logger()

END_SECONDS = 40.0
"""So long after a failure the process ends, however far it got with ending in good order."""

Turned = Callable[[], None]
Work = Callable[[threading.Event, Turned], None]
"""Runs until the event is set, and calls `Turned` every few seconds."""


class Threads:
    """Starts threads, and stores the first error that ended one of them."""

    def __init__(self, progress: Progress) -> None:
        self.stop = threading.Event()
        self.failed = threading.Event()
        self.error: BaseException | None = None
        self._progress = progress
        self._threads: list[threading.Thread] = []

    def start(self, name: str, work: Work, *, loop: WatchedLoop | None = None) -> None:
        """Run `work` until it returns; `loop` is its own if it has registered one."""
        turned = (loop or self._progress.loop(name)).mark
        thread = threading.Thread(
            target=self._watch, args=(name, work, turned), name=name, daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def fail(self, error: BaseException) -> None:
        """End this worker because of an error; the first one is stored."""
        if not self.failed.is_set():
            self.error = error
            self.failed.set()
            threading.Thread(target=_end_anyway, name="end", daemon=True).start()

    def join(self, seconds: float) -> None:
        """Ask all threads to end, and wait up to `seconds` for all of them together."""
        self.stop.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _watch(self, name: str, work: Work, turned: Turned) -> None:
        try:
            work(self.stop, turned)
        except BaseException as error:
            self.fail(error)
            log.critical("thread died", thread=name, error=repr(error), exc_info=True)
            return
        if not self.stop.is_set():
            self.fail(RuntimeError(f"{name} ended"))
            log.critical("thread ended", thread=name)


def _end_anyway() -> None:
    """End the process if it cannot end itself; its runner then kills what runs."""
    threading.Event().wait(END_SECONDS)
    os._exit(1)
