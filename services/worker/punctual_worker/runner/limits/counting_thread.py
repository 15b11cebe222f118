"""A thread that counts what attempts use, for a loop that must not wait for the kernel."""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque

from punctual_worker.runner.host.threads import start_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from punctual_worker.runner.limits.usage import Usage


class CountingThread(ABC):
    """Answers which attempts use more of something than they may."""

    rest_factor: int
    """What was counted and is within its limit is left alone for that many times as long."""
    niceness = 0

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._usages: Sequence[Usage] = ()
        self._over: deque[int] = deque()
        self._rests: dict[int, int] = {}
        self._has_thread = False

    def check(self, usages: Sequence[Usage]) -> None:
        """Have these counted; dropped while the ones before are."""
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

    @abstractmethod
    def begin(self, usages: Sequence[Usage]) -> None:
        """Look at what is asked for once, however many attempts there are."""

    @abstractmethod
    def may_be_over(self, usage: Usage) -> bool:
        """Return False where a cheap look says that it is within its limit."""

    @abstractmethod
    def is_over(self, usage: Usage) -> bool:
        """Return whether it is over its limit, at whatever cost."""

    def _work(self) -> None:
        if self.niceness:
            # Of this thread alone: what it counts is less urgent than what starts.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self.niceness)
        while True:
            self._requested.wait()
            serials = {usage.serial for usage in self._usages}
            self._rests = {key: value for key, value in self._rests.items() if key in serials}
            self.begin(self._usages)
            self._over.extend(usage.serial for usage in self._usages if self._is_over(usage))
            self._requested.clear()

    def _is_over(self, usage: Usage) -> bool:
        began_ns = time.monotonic_ns()
        if began_ns < self._rests.get(usage.serial, 0) or not self.may_be_over(usage):
            return False
        if self.is_over(usage):
            return True
        now_ns = time.monotonic_ns()
        self._rests[usage.serial] = now_ns + self.rest_factor * (now_ns - began_ns)
        return False
