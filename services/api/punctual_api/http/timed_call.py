"""Timed call: wait at most some seconds for a call that may never return."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NoAnswer
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class TimedCall(Generic[Answer]):
    """Runs a function in its own thread, one call at a time, and waits briefly for its result."""

    def __init__(self, function: Callable[[], Answer], *, seconds: float) -> None:
        self._function = function
        self._seconds = seconds
        self._lock = threading.Lock()
        self._open: Future[Answer] | None = None
        self._since = 0.0

    def result(self) -> Answer | None:
        """Return the answer, or None when there is none in time; raises what the function raised.

        While a call is open no other one is made: that would only add threads. Its time counts
        from its start, so that only the first caller waits for all of it.
        """
        with self._lock:
            pending, fresh = self._open, False
            if pending is None:
                pending = self._open = Future()
                self._since = time.monotonic()
                fresh = True
            until = self._since + self._seconds
        if fresh:
            # A daemon: a call that never returns must not delay the end of this process.
            threading.Thread(target=self._run, args=(pending,), daemon=True).start()
        try:
            return pending.result(max(0.0, until - time.monotonic()))
        except NoAnswer:
            return None

    def settle(self) -> None:
        """Wait for a call that is still open, at most as long as a call may take."""
        with self._lock:
            pending = self._open
        if pending is not None:
            wait([pending], self._seconds)

    def _run(self, pending: Future[Answer]) -> None:
        try:
            pending.set_result(self._function())
        except BaseException as error:  # noqa: BLE001 - raised where the answer is waited for
            pending.set_exception(error)
        finally:
            with self._lock:
                self._open = None
