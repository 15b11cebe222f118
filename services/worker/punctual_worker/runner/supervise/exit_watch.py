"""Watches for the ends of main processes, each by a pidfd of its own from its start on."""

from __future__ import annotations

import os

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.io.poller import PIDFD, Poller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.limits.monitor import LimitMonitor


class ExitWatch:
    """Registers each process that is started, and watches for its end."""

    def __init__(
        self, registry: AttemptRegistry, poller: Poller, limit_monitor: LimitMonitor
    ) -> None:
        self._registry = registry
        self._poller = poller
        self._limit_monitor = limit_monitor

    def add(self, attempt: RunnerAttempt) -> None:
        """Register a process that has just been started."""
        self._registry.spawned(attempt)
        self._limit_monitor.spawned(attempt)
        attempt.pidfd = os.pidfd_open(attempt.pid)
        self._poller.add(attempt.pidfd, attempt, PIDFD)


def stop_watching(attempt: RunnerAttempt, poller: Poller) -> None:
    """Stop watching for an end that came, or is awaited no longer."""
    if attempt.pidfd >= 0:
        poller.close(attempt.pidfd)
        attempt.pidfd = -1
