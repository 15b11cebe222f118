"""Ends what still runs: TERM to all of it, and KILL after the grace."""

from __future__ import annotations

import os
import signal
import time

from punctual_worker.runner.attempts.attempt import (
    FLUSHING,
    KILLING,
    RUNNING,
    SECOND,
    TERMINATING,
    TERMINATING_REST,
    WAITING,
    RunnerAttempt,
)
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.attempts.timers import NEVER
from punctual_worker.runner.supervise.process_scan import ProcessScan
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.reaper import GIVE_UP_NS, Reaper
from punctual_worker.runner.supervise.signals import signal_group, signal_marked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEASE_GRACE_NS = 5 * SECOND


class Stopper:
    """Carries out stops, timeouts and the loss of the lease; the first reason given stays."""

    def __init__(self, registry: AttemptRegistry, reaper: Reaper, process_tag: ProcessTag) -> None:
        self._registry = registry
        self._reaper = reaper
        self._process_tag = process_tag

    def stop(
        self, attempts: Iterable[RunnerAttempt], why: str, grace_ns: int | None = None
    ) -> None:
        """Stop attempts, each with its own grace or with the one given if that is shorter.

        One whose command has ended stays as it ended, and is not waited for any longer.
        """
        asked: list[RunnerAttempt] = []
        for attempt in attempts:
            if attempt.phase == WAITING:
                self._registry.starts.clear(attempt)
                attempt.stopped = why
                self._reaper.never_started(attempt)
                continue
            grace = attempt.grace_ns if grace_ns is None else min(attempt.grace_ns, grace_ns)
            if self._still_runs(attempt):
                self._ask(attempt, why, time.monotonic_ns() + grace, asked)
            elif attempt.phase == FLUSHING:
                self._cut_flush(attempt, grace)
        if asked:
            self._ask_strays(asked)

    def lease_lost(self, attempts: Sequence[RunnerAttempt]) -> None:
        """Stop attempts as there is no right to run them any more."""
        self.stop(attempts, "lease", LEASE_GRACE_NS)
        for attempt in attempts:
            if attempt.phase in (FLUSHING, TERMINATING_REST):
                self._reaper.kill_rest(attempt)

    def exceeded(self, attempt: RunnerAttempt, limit: str, most: int) -> None:
        """Kill an attempt that was found over a limit; the end that was asked of it stays."""
        flushes = attempt.phase in (FLUSHING, TERMINATING_REST)
        if not flushes and not self._still_runs(attempt):
            return
        if attempt.stopped is None:
            attempt.stopped = "limit"
            attempt.limit = (limit, most)
        if flushes:
            self._reaper.kill_rest(attempt)
        else:
            self._kill(attempt)

    def on_deadline(self, attempt: RunnerAttempt) -> None:
        """Do what an attempt's alarm was set for."""
        if attempt.phase == RUNNING:
            if self._still_runs(attempt):
                self.stop((attempt,), "timeout")
        elif attempt.phase == TERMINATING:
            self._kill(attempt)
        elif attempt.phase == FLUSHING:
            self._reaper.end_flush(attempt)
        elif attempt.phase == TERMINATING_REST:
            self._reaper.kill_rest(attempt)
        else:
            self._reaper.give_up(attempt)

    def _still_runs(self, attempt: RunnerAttempt) -> bool:
        """Whether its main process has not ended by itself just now."""
        return attempt.phase in (RUNNING, TERMINATING) and not self._reaper.exited(attempt)

    def _cut_flush(self, attempt: RunnerAttempt, grace_ns: int) -> None:
        if attempt.stopped is None:
            self._reaper.end_flush(attempt, grace_ns)
        elif (until_ns := time.monotonic_ns() + grace_ns) < attempt.alarm_ns:
            self._registry.deadlines.set(attempt, until_ns)

    def _kill(self, attempt: RunnerAttempt) -> None:
        # One call for the whole group, which even a fork in progress does not survive.
        signal_group(attempt, signal.SIGKILL)
        attempt.phase = KILLING
        self._registry.deadlines.set(attempt, time.monotonic_ns() + GIVE_UP_NS)

    def _ask(
        self, attempt: RunnerAttempt, why: str, until_ns: int, asked: list[RunnerAttempt]
    ) -> None:
        if attempt.phase == RUNNING:
            attempt.phase = TERMINATING
            attempt.stopped = why
            # A stopped process would keep its TERM for later; waking it is what systemd does too.
            signal_group(attempt, signal.SIGTERM)
            signal_group(attempt, signal.SIGCONT)
            asked.append(attempt)
            self._registry.deadlines.set(attempt, until_ns)
        elif attempt.alarm_ns == NEVER or until_ns < attempt.alarm_ns:
            self._registry.deadlines.set(attempt, until_ns)

    def _ask_strays(self, asked: list[RunnerAttempt]) -> None:
        """Extend the TERM to what left the group; one scan serves any number of attempts."""
        marked = ProcessScan(self._process_tag, self._registry.by_pid).marked
        for attempt in asked:
            for pid in marked.get(attempt.serial, ()):
                if _group_of(pid) != attempt.pid:
                    signal_marked(pid, attempt.serial, self._process_tag, signal.SIGTERM)
                    signal_marked(pid, attempt.serial, self._process_tag, signal.SIGCONT)


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0
