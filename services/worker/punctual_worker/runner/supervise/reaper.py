"""Brings attempts whose command ended to their end: output read, nothing alive, reported.

A command has ended when its main process has ended and its pipes are closed: what it handed its
output to (`exec > >(tee log)`) reads and writes on for a moment. So everything that it started has
the end grace to end by itself. What lives then gets TERM, a short grace, and KILL.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from punctual_worker.runner.attempts.attempt import (
    DONE,
    FLUSHING,
    KILLING,
    KILLING_REST,
    RUNNING,
    SECOND,
    TERMINATING_REST,
    RunnerAttempt,
)
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.host.home_dirs import HomeDirs
from punctual_worker.runner.io.pipes import Pipes
from punctual_worker.runner.io.poller import Poller
from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.protocol.events import Events
from punctual_worker.runner.supervise.newest import kill_newest
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.remaining import Remaining
from punctual_worker.runner.supervise.signals import signal_group
from punctual_worker.runner.supervise.sweep import Sweep

GIVE_UP_NS = 5 * SECOND  # after a KILL; then a process is stuck in the kernel, and is reported so
MILLISECOND = 1_000_000
# From TERM to KILL, for what outlived the end grace; it had that already.
REST_GRACE_NS = SECOND
# A scan costs about a microsecond for each process of the machine: at most a fifth of the time
# goes there, ends that come in between share the next one.
REST_FACTOR = 4
# While something flushes it is looked at again after a quarter of the time that it took so far.
LOOK_FACTOR = 4
LOOK_AGAIN_NS = 50 * MILLISECOND
TERM_LOOK_NS = 5 * MILLISECOND
# More than this many, and twice as many as there were at the end, flush nothing: that is a fork
# bomb, which must not outrun the kills. So are more than LARGE_CROWD at any time.
CROWD, LARGE_CROWD = 16, 64


class Reaper:
    """Collects ended commands and reports them once nothing of them is alive."""

    def __init__(
        self,
        registry: AttemptRegistry,
        poller: Poller,
        pipes: Pipes,
        process_tag: ProcessTag,
        home_dirs: HomeDirs,
        reports: Events,
    ) -> None:
        self._registry = registry
        self._poller = poller
        self._pipes = pipes
        self._process_tag = process_tag
        self._home_dirs = home_dirs
        self._reports = reports
        self._ended: list[RunnerAttempt] = []  # their main processes have
        self._look_ns = 0
        self._not_before_ns = 0
        self._pid_counter = PidCounter()
        self._haunted = False
        self._doubts = False  # an orphan died that may have been any attempt's, and may have forked
        self._fleeting: set[int] = set()  # to be killed, and the last step found zombies alone
        self.took_ns = 0  # by the last step, as a forecast for the next

    def exited(self, attempt: RunnerAttempt) -> bool:
        """Note that the main process ended, if so; it stays a zombie, its number stays taken."""
        if attempt.phase >= FLUSHING:
            return True
        result = os.waitid(os.P_PID, attempt.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if result is None:
            return False
        attempt.ended_ns = time.monotonic_ns()
        if attempt.started_ns is not None:  # else it was a held shell's end, and not the command's
            attempt.status = (
                (result.si_status, None)
                if result.si_code == os.CLD_EXITED
                else (None, result.si_status)
            )
        self._let_pidfd_go(attempt)
        if attempt.phase == KILLING:
            self.kill_rest(attempt)
        else:
            # What was asked to end already keeps the time that it was given for that.
            if attempt.phase == RUNNING:
                self._registry.deadlines.set(attempt, attempt.ended_ns + attempt.end_grace_ns)
            attempt.phase = FLUSHING
            self._look_at(attempt.ended_ns + (MILLISECOND if attempt.pipes else 0))
        self._ended.append(attempt)
        return True

    def flushed(self, attempt: RunnerAttempt) -> None:
        """Note that all pipes of an ended command are closed."""
        if attempt.phase == FLUSHING:
            self._look_at(time.monotonic_ns())

    def end_flush(self, attempt: RunnerAttempt, grace_ns: int = REST_GRACE_NS) -> None:
        """End what still lives of an ended command: by TERM first, unless it had that before."""
        attempt.left_behind = 0
        if attempt.stopped is None:
            attempt.phase = TERMINATING_REST
            until_ns = time.monotonic_ns() + min(attempt.grace_ns, grace_ns, REST_GRACE_NS)
        else:
            attempt.phase = KILLING_REST
            until_ns = time.monotonic_ns() + GIVE_UP_NS
        self._registry.deadlines.set(attempt, until_ns)
        self._look_at(time.monotonic_ns())

    def kill_rest(self, attempt: RunnerAttempt) -> None:
        """Kill what still lives of an ended command."""
        # One call for the whole group, which even a fork in progress does not survive.
        signal_group(attempt, signal.SIGKILL)
        if attempt.phase == FLUSHING:
            attempt.left_behind = 0
        attempt.phase = KILLING_REST
        now_ns = time.monotonic_ns()
        self._registry.deadlines.set(attempt, now_ns + GIVE_UP_NS)
        self._look_at(now_ns)

    def due_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        return max(self._not_before_ns, self._look_ns) if self._ended else None

    def step(self, now_ns: int) -> None:
        """Move ended attempts on by what is left of each, and report those of which nothing is."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return
        began_ns = time.thread_time_ns()  # what was spent waiting for a processor is no cost
        sweep = self._sweep()
        killed = sweep.killed
        # Once, and not for as long as some process without a mark goes on dying.
        self._doubts = sweep.unknown_died and not self._doubts
        unknown = sweep.unknown or self._doubts
        for attempt in self._ended:
            killed += self._move_on(attempt, sweep.left_of(attempt), unknown=unknown)
        self._kill_fleeting(sweep)
        self.took_ns = time.thread_time_ns() - began_ns
        self._ended = [attempt for attempt in self._ended if attempt.phase != DONE]
        rest_ns = 0 if killed > CROWD else REST_FACTOR * self.took_ns
        if self._ended and rest_ns:
            rest_ns = max(rest_ns, MILLISECOND)
        now_ns = time.monotonic_ns()
        self._not_before_ns = now_ns + rest_ns
        self._look_ns = min((_next_look_ns(attempt, now_ns) for attempt in self._ended), default=0)
        if self._doubts or sweep.found_only_zombies():
            self._look_ns = now_ns

    def tidy(self) -> None:
        """Kill processes that belong to no attempt any more, and reap what died unseen."""
        if self._registry.by_serial or self._haunted:
            self._sweep()

    def never_started(self, attempt: RunnerAttempt) -> None:
        """Report an attempt that never started; if its shell is held, when that is gone."""
        if attempt.pid:
            signal_group(attempt, signal.SIGKILL)
            attempt.phase = KILLING
            self._registry.deadlines.set(attempt, time.monotonic_ns() + GIVE_UP_NS)
            return
        attempt.phase = DONE
        attempt.ended_ns = time.monotonic_ns()
        self._leave(attempt)

    def give_up(self, attempt: RunnerAttempt) -> None:
        """Report an attempt although something of it could not be killed; tidy() goes on trying."""
        attempt.error = "a process of this attempt could not be killed"
        self._haunted = True
        if attempt.phase == KILLING:
            attempt.ended_ns = time.monotonic_ns()
            self._let_pidfd_go(attempt)
        self._finish(attempt)
        self._ended = [other for other in self._ended if other is not attempt]

    def _look_at(self, instant_ns: int) -> None:
        self._look_ns = min(self._look_ns, instant_ns) if self._ended else instant_ns

    def _let_pidfd_go(self, attempt: RunnerAttempt) -> None:
        if attempt.pidfd >= 0:
            self._poller.close(attempt.pidfd)
            attempt.pidfd = -1

    def _sweep(self) -> Sweep:
        sweep = Sweep(self._process_tag, self._registry)
        self._haunted = sweep.killed > 0
        return sweep

    def _move_on(self, attempt: RunnerAttempt, left: Remaining, *, unknown: bool) -> int:
        """Take the next step towards an attempt's end; return how many processes it signalled."""
        flushes = attempt.phase == FLUSHING
        if left.is_over(attempt) and not unknown and not (flushes and attempt.pipes):
            self._finish(attempt)
        elif flushes:
            if attempt.crowd is None:
                attempt.crowd = min(max(CROWD, 2 * len(left)), LARGE_CROWD)
            if len(left) > attempt.crowd:
                attempt.left_behind = 0
                attempt.phase = KILLING_REST
                self._registry.deadlines.set(attempt, time.monotonic_ns() + GIVE_UP_NS)
        if not left or attempt.phase not in (TERMINATING_REST, KILLING_REST):
            return 0
        left.end(attempt, self._process_tag)
        return len(left)

    def _kill_fleeting(self, sweep: Sweep) -> None:
        """Kill what two steps in a row found only zombies of."""
        fleeting = {
            attempt.serial: attempt
            for attempt in self._ended
            if attempt.phase == KILLING_REST and not sweep.left_of(attempt)
        }
        if again := fleeting.keys() & self._fleeting:
            for serial in kill_newest(self._process_tag, self._pid_counter, again):
                fleeting[serial].left_behind = fleeting[serial].left_behind or 1
        self._fleeting = set(fleeting)

    def _finish(self, attempt: RunnerAttempt) -> None:
        self._pipes.drain(attempt)
        if attempt.error is None and attempt.stopped is None:
            attempt.limit = attempt.limits.passed(*attempt.status)
        if attempt.phase >= FLUSHING:
            os.waitpid(attempt.pid, 0)
        attempt.phase = DONE
        self._registry.deadlines.clear(attempt)
        self._leave(attempt)

    def _leave(self, attempt: RunnerAttempt) -> None:
        self._registry.gone(attempt)
        self._reports.ended(attempt)
        if attempt.gate is not None:
            os.unlink(attempt.gate)
        if attempt.file_path is not None:
            with suppress(FileNotFoundError):  # the command may have removed it
                os.unlink(attempt.file_path)
        if attempt.home is not None:
            self._home_dirs.discard(attempt.home)


def _next_look_ns(attempt: RunnerAttempt, now_ns: int) -> int:
    if attempt.phase == TERMINATING_REST:
        return now_ns + TERM_LOOK_NS
    if attempt.phase == KILLING_REST:
        return now_ns
    took_ns = (now_ns - attempt.ended_ns) // LOOK_FACTOR
    return now_ns + min(max(took_ns, MILLISECOND), LOOK_AGAIN_NS)
