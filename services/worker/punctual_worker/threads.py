"""The worker's threads: named, and never dying unheard."""

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Threads:
    """Starts threads, and keeps the first error that ended one of them."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.failed = threading.Event()
        self.error: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def start(self, name: str, work: Callable[[threading.Event], None]) -> None:
        """Run `work` until it returns; it is given the event that tells it to."""
        thread = threading.Thread(target=self._watch, args=(name, work), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def fail(self, error: BaseException) -> None:
        """Note an error that ends this worker, found from outside of its thread."""
        self.error = self.error or error
        self.failed.set()

    def join(self, seconds: float) -> None:
        """Tell all threads to end, and wait up to `seconds` for each."""
        self.stop.set()
        for thread in self._threads:
            thread.join(seconds)

    def _watch(self, name: str, work: Callable[[threading.Event], None]) -> None:
        try:
            work(self.stop)
        except BaseException as error:
            self.fail(error)
            log.critical("thread died", thread=name, error=repr(error), exc_info=True)
            return
        if not self.stop.is_set():
            self.failed.set()
            log.critical("thread ended", thread=name)
