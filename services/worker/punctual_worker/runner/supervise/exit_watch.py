"""Watches for the ends of main processes, each by a pidfd of its own from its start on."""

from __future__ import annotations

import os

from punctual_worker.runner.attempts.attempt import Attempt
from punctual_worker.runner.attempts.registry import Roster
from punctual_worker.runner.io.poller import PIDFD, Watch
from punctual_worker.runner.limits.monitor import Guard


class ExitWatch:
    """Registers each process that is started, and watches for its end."""

    def __init__(self, roster: Roster, watch: Watch, guard: Guard) -> None:
        self._roster = roster
        self._watch = watch
        self._guard = guard

    def add(self, attempt: Attempt) -> None:
        """Register a process that has just been started."""
        self._roster.spawned(attempt)
        self._guard.spawned(attempt)
        attempt.pidfd = os.pidfd_open(attempt.pid)
        self._watch.add(attempt.pidfd, attempt, PIDFD)
