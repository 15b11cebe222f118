"""A worker of which one loop, named by STICKS, blocks for ever from SIGUSR1 on."""

import os
import signal
import threading

from punctual.ops.progress import WatchedLoop

sticks = threading.Event()
mark = WatchedLoop.mark


def mark_or_stick(loop: WatchedLoop) -> None:
    """Note a turn, until the signal came."""
    if sticks.is_set() and loop.name == os.environ.get("STICKS"):
        threading.Event().wait()
    mark(loop)


WatchedLoop.mark = mark_or_stick  # type: ignore[method-assign,assignment]
signal.signal(signal.SIGUSR1, lambda _number, _frame: sticks.set())
