"""Waiting in tests: for a condition, with a deadline, and never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

T = TypeVar("T")


def eventually(probe: Callable[[], T], *, within: float = 10, every: float = 0.02) -> T:
    """Return the first truthy answer of `probe`, asked every `every` seconds.

    An AssertionError in it counts as "not yet", and so does a server that cannot be reached: a
    process listens only some time after its start. Raises AssertionError after `within` seconds,
    with the last answer or the last error.
    """
    deadline = time.monotonic() + within
    pause = threading.Event()
    while True:
        failure: Exception | None = None
        answer: T | None = None
        try:
            answer = probe()
        except (AssertionError, httpx.TransportError) as error:
            failure = error
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; last: {failure or answer!r}") from failure
        pause.wait(every)
