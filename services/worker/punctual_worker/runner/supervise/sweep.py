"""Looks at every process once: what lives of each ended attempt, and what belongs to none."""

from __future__ import annotations

import signal

from punctual_worker.runner.attempts.attempt import FLUSHING, Attempt
from punctual_worker.runner.attempts.registry import Roster
from punctual_worker.runner.supervise.process_scan import (
    Census,
    may_be_of_a_live_one,
    owner_by_session,
    owner_of_unmarked,
    reap,
)
from punctual_worker.runner.supervise.process_tag import Marks
from punctual_worker.runner.supervise.remaining import Remaining
from punctual_worker.runner.supervise.signals import signal_child, signal_marked

NOTHING = Remaining()


class Sweep:
    """What one look found; it reaps what is dead, and kills what belongs to no attempt.

    `unknown`: an orphan lived that may have been any ended attempt's; `unknown_died`: one had died,
    and may have forked. `killed` counts what belonged to no attempt.
    """

    __slots__ = ("_left", "_marks", "_roster", "killed", "unknown", "unknown_died")

    def __init__(self, marks: Marks, roster: Roster) -> None:
        self._marks = marks
        self._roster = roster
        self._left: dict[int, Remaining] = {}
        self.killed = 0
        self.unknown = self.unknown_died = False
        census = Census(marks, roster.by_pid)
        for serial, pids in census.marked.items():
            self._take_marked(serial, pids)
        for pid in census.unmarked:
            self._take_unmarked(pid)
        for pid in census.unmarked_dead:
            self._take_unmarked_dead(pid)

    def left_of(self, attempt: Attempt) -> Remaining:
        """Return what lives of an ended attempt."""
        return self._left.get(attempt.serial, NOTHING)

    def found_only_zombies(self) -> bool:
        """Return True when it takes another look to say that nothing of an attempt lives."""
        return any(remaining.died and not remaining for remaining in self._left.values())

    def _take_marked(self, serial: int, pids: list[int]) -> None:
        owner = self._roster.by_serial.get(serial)
        if owner is None:
            self.killed += len(pids)
            for pid in pids:
                signal_marked(pid, serial, self._marks, signal.SIGKILL)
            return
        living = [pid for pid in pids if not reap(pid)]
        if owner.phase >= FLUSHING:
            self._of(owner).marked = living
            self._of(owner).died = len(living) < len(pids)

    def _take_unmarked(self, pid: int) -> None:
        owner = owner_of_unmarked(pid, self._roster)
        if owner is None and not may_be_of_a_live_one(pid, self._roster):
            signal_child(pid, signal.SIGKILL)
            self.killed += 1
            self.unknown = True
        elif owner is not None and owner.phase >= FLUSHING:
            self._of(owner).unmarked.append(pid)

    def _take_unmarked_dead(self, pid: int) -> None:
        owner = owner_by_session(pid, self._roster)
        if owner is None and not may_be_of_a_live_one(pid, self._roster):
            self.unknown_died = True
        elif owner is not None and owner.phase >= FLUSHING:
            self._of(owner).died = True
        reap(pid)

    def _of(self, owner: Attempt) -> Remaining:
        return self._left.setdefault(owner.serial, Remaining())
