"""Ask what may never answer: a frozen server keeps its connections, and no socket ends with it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NoAnswer
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class TimedQuestion(Generic[Answer]):
    """A question that is asked in a thread of its own, one at a time, and waited for briefly."""

    def __init__(self, ask: Callable[[], Answer], *, seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._asking = threading.Lock()
        self._open: Future[Answer] | None = None
        self._since = 0.0

    def ask(self) -> Answer | None:
        """Return the answer, or None when there is none in time; raises what asking raised.

        While an answer is still to come, nothing more is asked: that would only add threads. Its
        time counts from when it was asked, so that only the first to ask waits for all of it.
        """
        with self._asking:
            pending, fresh = self._open, False
            if pending is None:
                pending = self._open = Future()
                self._since = time.monotonic()
                fresh = True
            until = self._since + self._seconds
        if fresh:
            # A daemon: one that waits for ever must not hold up the end of this process.
            threading.Thread(target=self._run, args=(pending,), daemon=True).start()
        try:
            return pending.result(max(0.0, until - time.monotonic()))
        except NoAnswer:
            return None

    def settle(self) -> None:
        """Wait for a question that is still open, as long as a question may take."""
        with self._asking:
            pending = self._open
        if pending is not None:
            wait([pending], self._seconds)

    def _run(self, pending: Future[Answer]) -> None:
        try:
            pending.set_result(self._ask())
        except BaseException as error:  # noqa: BLE001 - raised where the answer is waited for
            pending.set_exception(error)
        finally:
            with self._asking:
                self._open = None
