"""A worker that notices stuck loops within seconds, and whose loops take one to wake up again."""

import importlib
import threading
import time

from punctual.ops.progress import WatchedLoop

importlib.import_module("tests.faults.planted.sticks_soon")

STOOD_STILL_SECONDS = 5.0
WAKES_SECONDS = 1.0
mark = WatchedLoop.mark


def wake_and_mark(loop: WatchedLoop) -> None:
    """Note a turn; after a long time without one, a second later."""
    if time.monotonic() - loop.marked > STOOD_STILL_SECONDS and loop.name != "main":
        threading.Event().wait(WAKES_SECONDS)
    mark(loop)


WatchedLoop.mark = wake_and_mark  # type: ignore[method-assign,assignment]
