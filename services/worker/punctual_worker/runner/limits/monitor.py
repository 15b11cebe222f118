"""Holds attempts to their limits: counts what each of them is using, and ends the one over it.

A fork bomb doubles within a millisecond, and looking at every process takes one. But no attempt
can have grown by more processes than the whole machine has started, and that number is one cheap
read: the monitor reads it often, and counts only when an attempt may have exceeded its limit.
"""

from __future__ import annotations

import os
import time

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt
from punctual_worker.runner.attempts.phases import Phase
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.limits.disk import Disk
from punctual_worker.runner.limits.memory import Memory
from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.limits.usage import Usage
from punctual_worker.runner.supervise.process_scan import ProcessScan
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.stop import Stopper

LOOK_EVERY_NS = SECOND // 50
COUNT_EVERY_NS = SECOND // 4
# Spend at most 1/5 of CPU time counting while an attempt may be near its limit, otherwise 1/50.
HURRIED_REST = 4
REST = 50
UNLIMITED = 1 << 62


class LimitMonitor:
    """Looks after every attempt that has limits."""

    def __init__(
        self,
        registry: AttemptRegistry,
        stopper: Stopper,
        process_tag: ProcessTag,
        users: range | None = None,
    ) -> None:
        """`users` are those that attempts have of their own."""
        self._registry = registry
        self._stopper = stopper
        self._process_tag = process_tag
        self._pid_counter = PidCounter()
        self._memory, self._disk = Memory(users), Disk(users)
        self._room = UNLIMITED  # processes that may start before an attempt can exceed its limit
        self._look_ns = 0
        self._hurry_ns = 0
        self._count_ns = 0

    def spawned(self, attempt: RunnerAttempt) -> None:
        """Look after an attempt that has just been started."""
        if attempt.limits.processes:
            self._room = min(self._room, attempt.limits.processes)

    def wake_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        return self._look_ns if self._registry.by_serial else None

    def step(self, now_ns: int, *, quiet: bool) -> None:
        """End what is found over its limit; unless `quiet`, count only when that is urgent."""
        if now_ns < self._look_ns or not self._registry.by_serial:
            return
        self._look_ns = now_ns + LOOK_EVERY_NS
        for thread, name in ((self._memory, "memory_bytes"), (self._disk, "disk_bytes")):
            for serial in thread.over():
                attempt = self._registry.by_serial.get(serial)
                if attempt is not None:
                    self._stopper.exceeded(attempt, name, getattr(attempt.limits, name))
        urgent = now_ns >= self._hurry_ns and self._pid_counter.count() >= self._room
        if urgent or (quiet and now_ns >= self._count_ns):
            self._count(now_ns)

    def _count(self, now_ns: int) -> None:
        began_ns = time.thread_time_ns()  # what was spent waiting for a processor is no cost
        self._pid_counter.reset()
        self._room = UNLIMITED
        marked = ProcessScan(self._process_tag, self._registry.by_pid).marked
        memory, disk = [], []
        for attempt in list(self._registry.by_serial.values()):
            if attempt.phase >= Phase.KILLING_REST:
                continue
            main = (attempt.pid,) if attempt.phase < Phase.FLUSHING else ()
            pids = (*main, *marked.get(attempt.serial, ()))
            if attempt.limits.processes:
                self._enforce(attempt, pids)
            if attempt.limits.memory_bytes:
                memory.append(_usage(attempt, attempt.limits.memory_bytes, pids))
            if attempt.limits.disk_bytes:
                disk.append(_usage(attempt, attempt.limits.disk_bytes, pids))
        self._memory.check(memory)
        self._disk.check(disk)
        took_ns = time.thread_time_ns() - began_ns
        self._hurry_ns = now_ns + HURRIED_REST * took_ns
        self._count_ns = now_ns + max(COUNT_EVERY_NS, REST * took_ns)

    def _enforce(self, attempt: RunnerAttempt, pids: tuple[int, ...]) -> None:
        most = attempt.limits.processes
        # Threads are looked at one process at a time, so not when the processes are too many.
        used = len(pids) if len(pids) > most else sum(map(_threads, pids))
        if used > most:
            self._stopper.exceeded(attempt, "processes", most)
        else:
            self._room = min(self._room, most - used + 1)


def _usage(attempt: RunnerAttempt, most: int, pids: tuple[int, ...]) -> Usage:
    user = attempt.launch.user
    if user is not None:
        return Usage(attempt.serial, most, pids, uid=user.uid, home=user.home.root)
    home = attempt.launch.home
    around = None if home is None else os.path.dirname(home)
    return Usage(attempt.serial, most, pids, uid=None, home=around)


def _threads(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}/task").st_nlink - 2
    except OSError:
        return 0
