"""Sums up the memory of attempts, in a thread: the kernel may take long to answer.

The resident sizes of an attempt's processes count a page as often as it is shared, so a large
program that forks seems to use a multiple. Only where their sum is over the limit the kernel is
asked for each page's share, which costs it milliseconds for each gigabyte.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque

from punctual_worker.runner.host.acting_as import ActingAs
from punctual_worker.runner.host.threads import start_thread

PAGE = os.sysconf("SC_PAGE_SIZE")
KIB = 1024
# What took long to sum up, and was within the limit, is left alone for this many times as long.
REST_FACTOR = 20

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Usage = tuple[int, int, Sequence[int]]


class Memory:
    """Answers which attempts use more memory than they may."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._usages: Sequence[Usage] = ()
        self._over: deque[int] = deque()
        self._rests: dict[int, int] = {}
        self._has_thread = False

    def check(self, usages: Sequence[Usage]) -> None:
        """Have (serial, limit in bytes, processes) summed up; dropped while a sum is being made."""
        if self._requested.is_set() or not usages:
            return
        if not self._has_thread:
            self._has_thread = start_thread(self._work)
        if self._has_thread:
            self._usages = usages
            self._requested.set()

    def over(self) -> list[int]:
        """Return the serial numbers found over their limit since the last call."""
        found = []
        while self._over:
            found.append(self._over.popleft())
        return found

    def _work(self) -> None:
        while True:
            self._requested.wait()
            serials = {serial for serial, _, _ in self._usages}
            self._rests = {key: value for key, value in self._rests.items() if key in serials}
            self._over.extend(s for s, most, pids in self._usages if self._is_over(s, most, pids))
            self._requested.clear()

    def _is_over(self, serial: int, most: int, pids: Sequence[int]) -> bool:
        began_ns = time.monotonic_ns()
        if began_ns < self._rests.get(serial, 0) or sum(map(_resident, pids)) <= most:
            return False
        if sum(map(_share, pids)) > most:
            return True
        now_ns = time.monotonic_ns()
        self._rests[serial] = now_ns + REST_FACTOR * (now_ns - began_ns)
        return False


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _share(pid: int) -> int:
    """Return a process's memory, of each page its share; all of it where shares are not known."""
    try:
        # What a process shares is open to its own user, so it is read as that one.
        with (
            ActingAs(os.stat(f"/proc/{pid}").st_uid),
            open(f"/proc/{pid}/smaps_rollup", "rb", buffering=0) as file,
        ):
            for line in file.read().splitlines():
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * KIB
    except OSError:
        return _resident(pid)
    return 0
