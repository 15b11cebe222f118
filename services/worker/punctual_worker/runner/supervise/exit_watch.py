"""Looks after main processes and notices their ends: as pipes close, or by a pidfd where they last.

A program that ends closes its pipes, and that is watched for anyway. What lasts, or has given its
pipes on to a child, or closed them and runs on, gets a descriptor of its own to be watched by.
"""

from __future__ import annotations

import os
from collections import deque

from punctual_worker.runner.attempts.attempt import FLUSHING, SECOND, Attempt
from punctual_worker.runner.attempts.registry import Roster
from punctual_worker.runner.io.poller import PIDFD, Watch
from punctual_worker.runner.limits.monitor import Guard
from punctual_worker.runner.supervise.reaper import Endings

# A child that holds the pipes of what has ended keeps that from being noticed for so long.
LASTS_NS = SECOND // 50


class Attending:
    """Has every process known from its start on, and its end noticed."""

    def __init__(self, roster: Roster, watch: Watch, guard: Guard, endings: Endings) -> None:
        self._roster = roster
        self._watch = watch
        self._guard = guard
        self._endings = endings
        self._young: deque[Attempt] = deque()  # in the order of their starts

    def attend(self, attempt: Attempt) -> None:
        """Look after a process that has just been started."""
        self._roster.spawned(attempt)
        self._guard.spawned(attempt)
        if attempt.started_ns is None:  # held: it should not end, nor close anything
            self._watch_closely(attempt)
        else:
            self._young.append(attempt)

    def wake_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        while self._young and not _is_unwatched(self._young[0]):
            self._young.popleft()
        return _lasts_ns(self._young[0]) if self._young else None

    def step(self, now_ns: int) -> None:
        """Watch closely what has lasted."""
        while (wake_ns := self.wake_ns()) is not None and wake_ns <= now_ns:
            self._watch_closely(self._young.popleft())

    def closed(self, attempt: Attempt) -> None:
        """Take in that all pipes of an attempt are closed: most likely that was its end."""
        if attempt.phase >= FLUSHING:
            self._endings.flushed(attempt)
        elif attempt.pidfd < 0 and not self._endings.exited(attempt):
            self._watch_closely(attempt)

    def _watch_closely(self, attempt: Attempt) -> None:
        attempt.pidfd = os.pidfd_open(attempt.pid)
        self._watch.add(attempt.pidfd, attempt, PIDFD)


def _is_unwatched(attempt: Attempt) -> bool:
    return attempt.pidfd < 0 and attempt.phase < FLUSHING


def _lasts_ns(attempt: Attempt) -> int:
    assert attempt.started_ns is not None
    return attempt.started_ns + LASTS_NS
