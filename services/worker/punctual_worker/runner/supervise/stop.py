"""Ends what still runs: by an order, a timeout, the loss of the lease, or a limit."""

from __future__ import annotations

import os
import signal
import time

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.phases import Alarm, EndRequested, LimitExceeded
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.supervise.process_scan import ProcessScan
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.reaper import Reaper
from punctual_worker.runner.supervise.signals import signal_marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Stopper:
    """Ends attempts by the life cycle; a command that ended before that keeps its own end."""

    def __init__(
        self,
        registry: AttemptRegistry,
        lifecycle: Lifecycle,
        reaper: Reaper,
        process_tag: ProcessTag,
    ) -> None:
        self._registry = registry
        self._lifecycle = lifecycle
        self._reaper = reaper
        self._process_tag = process_tag

    def stop(self, attempts: Iterable[RunnerAttempt], event: EndRequested) -> None:
        """End attempts; the first reason given stays."""
        for attempt in attempts:
            self._reaper.notice_exit(attempt)
            self._lifecycle.on(attempt, event)
        self._terminate_strays()

    def exceeded(self, attempt: RunnerAttempt, limit: str, most: int) -> None:
        """Kill an attempt that was found over a limit; one that just ended is counted anew."""
        if not self._reaper.notice_exit(attempt):
            self._lifecycle.on(attempt, LimitExceeded(limit, most))

    def meet_deadlines(self) -> None:
        """Do what the alarms that are due were set for."""
        now_ns = time.monotonic_ns()
        deadlines = self._registry.deadlines
        while (alarm_ns := deadlines.next_ns()) is not None and alarm_ns <= now_ns:
            attempt = deadlines.first()
            self._reaper.notice_exit(attempt)
            if attempt.alarm_ns == alarm_ns:  # else its command just ended, and has another alarm
                deadlines.clear(attempt)
                self._lifecycle.on(attempt, Alarm())
        self._terminate_strays()

    def _terminate_strays(self) -> None:
        """Extend the TERM to what left the group; one scan serves any number of attempts."""
        attempts = self._lifecycle.take_terminated()
        if not attempts:
            return
        marked = ProcessScan(self._process_tag, self._registry.by_pid).marked
        for attempt in attempts:
            for pid in marked.get(attempt.serial, ()):
                if _group_of(pid) != attempt.pid:
                    signal_marked(pid, attempt.serial, self._process_tag, signal.SIGTERM)
                    signal_marked(pid, attempt.serial, self._process_tag, signal.SIGCONT)


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0
