"""Waiting in tests: for a condition, with a deadline, and never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(probe: Callable[[], T], *, within: float = 10, every: float = 0.02) -> T:
    """Return the first truthy answer of `probe`, asked every `every` seconds.

    An AssertionError in it counts as "not yet". Raises AssertionError after `within` seconds, with
    the last answer or the last assertion that failed.
    """
    deadline = time.monotonic() + within
    pause = threading.Event()
    while True:
        failure: AssertionError | None = None
        answer: T | None = None
        try:
            answer = probe()
        except AssertionError as error:
            failure = error
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; last: {failure or answer!r}") from failure
        pause.wait(every)
