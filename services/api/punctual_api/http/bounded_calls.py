"""Bounded calls: a few at once, each waited for during some seconds at most."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from contextvars import copy_context
from functools import partial
from typing import TypeVar

Answer = TypeVar("Answer")


class TooManyCalls(Exception):
    """As many calls as are allowed have not ended yet."""


class BoundedCalls:
    """Runs calls to a server that may be slow in threads of their own, never more than a few.

    A call that is no longer waited for counts until it ends, so that a server which never answers
    costs that many threads and no thread that answers requests.
    """

    def __init__(self, *, at_once: int, seconds: float) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._seconds = seconds

    def run(self, function: Callable[[], Answer]) -> Answer:
        """Return what the function returns, raise what it raises.

        Raises TooManyCalls, and TimeoutError when there is no answer in time.
        """
        if not self._free.acquire(blocking=False):
            raise TooManyCalls
        answer: Future[Answer] = Future()
        work = partial(copy_context().run, self._carry_out, function, answer)  # it logs as we do
        # A daemon: a call that never returns must not delay the end of this process.
        threading.Thread(target=work, daemon=True).start()
        try:
            return answer.result(self._seconds)
        except NoAnswer:
            raise TimeoutError(f"no answer within {self._seconds:g} s") from None

    def _carry_out(self, function: Callable[[], Answer], answer: "Future[Answer]") -> None:
        try:
            found = function()
        except BaseException as error:  # noqa: BLE001 - raised where the answer is waited for
            self._free.release()
            answer.set_exception(error)
        else:
            self._free.release()
            answer.set_result(found)
