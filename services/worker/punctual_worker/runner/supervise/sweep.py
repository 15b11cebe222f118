"""Looks at every process once: what lives of each ended attempt, and what belongs to none."""

from __future__ import annotations

import signal

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.attempts.phases import Phase
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.supervise.process_scan import (
    ProcessScan,
    may_be_of_a_live_one,
    owner_by_session,
    owner_of_unmarked,
    reap,
)
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.remaining import Remaining
from punctual_worker.runner.supervise.signals import signal_child, signal_marked

NOTHING = Remaining()


class Sweep:
    """What one look found; it reaps what is dead, and kills what belongs to no attempt.

    `unknown`: an orphan lived that may have been any ended attempt's; `unknown_died`: one had died,
    and may have forked. `killed` counts what belonged to no attempt.
    """

    __slots__ = ("_left", "_process_tag", "_registry", "killed", "unknown", "unknown_died")

    def __init__(self, process_tag: ProcessTag, registry: AttemptRegistry) -> None:
        self._process_tag = process_tag
        self._registry = registry
        self._left: dict[int, Remaining] = {}
        self.killed = 0
        self.unknown = self.unknown_died = False
        scan = ProcessScan(process_tag, registry.by_pid)
        for serial, pids in scan.marked.items():
            self._take_marked(serial, pids)
        for pid in scan.unmarked:
            self._take_unmarked(pid)
        for pid in scan.unmarked_dead:
            self._take_unmarked_dead(pid)

    def left_of(self, attempt: RunnerAttempt) -> Remaining:
        """Return what lives of an ended attempt."""
        return self._left.get(attempt.serial, NOTHING)

    def found_only_zombies(self) -> bool:
        """Return True when it takes another look to say that nothing of an attempt lives."""
        return any(remaining.died and not remaining for remaining in self._left.values())

    def _take_marked(self, serial: int, pids: list[int]) -> None:
        owner = self._registry.by_serial.get(serial)
        if owner is None:
            self.killed += len(pids)
            for pid in pids:
                signal_marked(pid, serial, self._process_tag, signal.SIGKILL)
            return
        living = [pid for pid in pids if not reap(pid)]
        if owner.phase >= Phase.FLUSHING:
            self._of(owner).marked = living
            self._of(owner).died = len(living) < len(pids)

    def _take_unmarked(self, pid: int) -> None:
        owner = owner_of_unmarked(pid, self._registry)
        if owner is None and not may_be_of_a_live_one(pid, self._registry):
            signal_child(pid, signal.SIGKILL)
            self.killed += 1
            self.unknown = True
        elif owner is not None and owner.phase >= Phase.FLUSHING:
            self._of(owner).unmarked.append(pid)

    def _take_unmarked_dead(self, pid: int) -> None:
        owner = owner_by_session(pid, self._registry)
        if owner is None and not may_be_of_a_live_one(pid, self._registry):
            self.unknown_died = True
        elif owner is not None and owner.phase >= Phase.FLUSHING:
            self._of(owner).died = True
        reap(pid)

    def _of(self, owner: RunnerAttempt) -> Remaining:
        return self._left.setdefault(owner.serial, Remaining())
