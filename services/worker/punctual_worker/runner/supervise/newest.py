"""Kills processes that fork and end faster than /proc can be read.

Each of them is dead by the time that a look at all processes comes to it. Its child has one of the
numbers that the kernel handed out last, which takes microseconds to ask for.
"""

from __future__ import annotations

import signal
import time

from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.signals import signal_marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

WITHIN_NS = 2_000_000
# Numbers that other processes got at the same time are passed over, up to this many.
MOST = 32


def kill_newest(
    process_tag: ProcessTag,
    pid_counter: PidCounter,
    serials: Collection[int] | None = None,
    main_pids: Collection[int] = (),
) -> Collection[int]:
    """Kill, for two milliseconds, what carries a mark of these attempts and was just forked.

    None means every attempt of the marks' launch. Of `main_pids` none is touched: they stay zombies
    until their attempts are done. Return the serial numbers of those killed.
    """
    killed = set()
    until_ns = time.monotonic_ns() + WITHIN_NS
    seen = pid_counter.newest()
    while time.monotonic_ns() < until_ns:
        newest = pid_counter.newest()
        for pid in range(max(min(seen, newest), newest - MOST), newest + 1):
            serial = None if pid in main_pids else process_tag.read(pid)
            if serial is not None and (serials is None or serial in serials):
                signal_marked(pid, serial, process_tag, signal.SIGKILL)
                killed.add(serial)
        seen = newest
    return killed
