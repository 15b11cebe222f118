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

from punctual_worker.runner.attempt import (
    DONE,
    FLUSHING,
    KILLING,
    KILLING_REST,
    RUNNING,
    SECOND,
    TERMINATING_REST,
    Attempt,
)
from punctual_worker.runner.census import Census, may_be_of_a_live_one, owner_of_unmarked, reap
from punctual_worker.runner.homes import Homes
from punctual_worker.runner.killing import signal_child, signal_group, signal_marked
from punctual_worker.runner.marks import Marks
from punctual_worker.runner.pipes import Pipes
from punctual_worker.runner.remaining import Remaining
from punctual_worker.runner.reports import Reports
from punctual_worker.runner.roster import Roster
from punctual_worker.runner.watch import Watch

GIVE_UP_NS = 5 * SECOND
MILLISECOND = 1_000_000
# From TERM to KILL, for what outlived the end grace; it had that already.
REST_GRACE_NS = SECOND
# A census costs about a microsecond for each process of the machine: at most a fifth of the time
# goes there, ends that come in between share the next one.
REST_FACTOR = 4
# While something flushes it is looked at again after a quarter of the time that it took so far.
LOOK_FACTOR = 4
LOOK_AGAIN_NS = 50 * MILLISECOND
TERM_LOOK_NS = 5 * MILLISECOND
# More than so many, and twice as many as there were at the end, flush nothing: that is a fork bomb,
# which must not outrun the kills. So are more than LARGE_CROWD at any time.
CROWD, LARGE_CROWD = 16, 64
NOTHING = Remaining()


class Endings:
    """Collects ended commands and reports them once nothing of them is alive."""

    def __init__(
        self,
        roster: Roster,
        watch: Watch,
        pipes: Pipes,
        marks: Marks,
        homes: Homes,
        reports: Reports,
    ) -> None:
        self._roster = roster
        self._watch = watch
        self._pipes = pipes
        self._marks = marks
        self._homes = homes
        self._reports = reports
        self._ended: list[Attempt] = []  # their main processes have
        self._look_ns = 0
        self._not_before_ns = 0
        self._haunted = False
        self._killed = 0  # in the last step
        self.took_ns = 0  # by the last step, as a forecast for the next

    def exited(self, attempt: Attempt) -> bool:
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
                self._roster.deadlines.set(attempt, attempt.ended_ns + attempt.end_grace_ns)
            attempt.phase = FLUSHING
            self._look_at(attempt.ended_ns + (MILLISECOND if attempt.pipes else 0))
        self._ended.append(attempt)
        return True

    def flushed(self, attempt: Attempt) -> None:
        """Note that all pipes of an ended command are closed."""
        if attempt.phase == FLUSHING:
            self._look_at(time.monotonic_ns())

    def end_flush(self, attempt: Attempt, grace_ns: int = REST_GRACE_NS) -> None:
        """End what still lives of an ended command: by TERM first, unless it had that before."""
        attempt.signalled = set()
        if attempt.stopped is None:
            attempt.phase = TERMINATING_REST
            until_ns = time.monotonic_ns() + min(attempt.grace_ns, grace_ns, REST_GRACE_NS)
        else:
            attempt.phase = KILLING_REST
            until_ns = time.monotonic_ns() + GIVE_UP_NS
        self._roster.deadlines.set(attempt, until_ns)
        self._look_at(time.monotonic_ns())

    def kill_rest(self, attempt: Attempt) -> None:
        """Kill what still lives of an ended command."""
        # One call for the whole group, which even a fork in progress does not survive.
        signal_group(attempt, signal.SIGKILL)
        attempt.phase = KILLING_REST
        now_ns = time.monotonic_ns()
        self._roster.deadlines.set(attempt, now_ns + GIVE_UP_NS)
        self._look_at(now_ns)

    def due_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        return max(self._not_before_ns, self._look_ns) if self._ended else None

    def step(self, now_ns: int) -> None:
        """Move ended attempts on by what is left of each, and report those of which nothing is."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return
        self._killed = 0
        began_ns = time.thread_time_ns()  # what was spent waiting for a processor is no cost
        left, unknown = self._sweep()
        for attempt in self._ended:
            self._move_on(attempt, left.get(attempt.serial, NOTHING), unknown=unknown)
        self.took_ns = time.thread_time_ns() - began_ns
        self._ended = [attempt for attempt in self._ended if attempt.phase != DONE]
        rest_ns = 0 if self._killed > CROWD else REST_FACTOR * self.took_ns
        if self._ended and rest_ns:
            rest_ns = max(rest_ns, MILLISECOND)
        now_ns = time.monotonic_ns()
        self._not_before_ns = now_ns + rest_ns
        self._look_ns = min((_next_look_ns(attempt, now_ns) for attempt in self._ended), default=0)

    def tidy(self) -> None:
        """Kill processes that belong to no attempt any more, and reap what died unseen."""
        if self._roster.by_serial or self._haunted:
            self._sweep()

    def never_started(self, attempt: Attempt) -> None:
        """Report an attempt that never started; if its shell is held, when that is gone."""
        if attempt.pid:
            signal_group(attempt, signal.SIGKILL)
            attempt.phase = KILLING
            self._roster.deadlines.set(attempt, time.monotonic_ns() + GIVE_UP_NS)
            return
        attempt.phase = DONE
        attempt.ended_ns = time.monotonic_ns()
        self._leave(attempt)

    def give_up(self, attempt: Attempt) -> None:
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

    def _let_pidfd_go(self, attempt: Attempt) -> None:
        if attempt.pidfd >= 0:
            self._watch.close(attempt.pidfd)
            attempt.pidfd = -1

    def _sweep(self) -> tuple[dict[int, Remaining], bool]:
        """Look at every process once; reap what is dead, kill what belongs to no attempt.

        Return what lives of each ended attempt, by serial number, and whether there was an orphan
        that may be any of theirs.
        """
        census = Census(self._marks, self._roster.by_pid)
        left: dict[int, Remaining] = {}
        self._haunted = False
        for serial, pids in census.marked.items():
            owner = self._roster.by_serial.get(serial)
            if owner is None:
                self._haunted = True
                self._killed += len(pids)
                for pid in pids:
                    signal_marked(pid, serial, self._marks, signal.SIGKILL)
                continue
            living = [pid for pid in pids if not reap(pid)]
            if owner.phase >= FLUSHING and living:
                left.setdefault(serial, Remaining()).marked = living
        unknown = False
        for pid in census.unmarked:
            owner = owner_of_unmarked(pid, self._roster)
            if owner is None and not may_be_of_a_live_one(pid, self._roster):
                signal_child(pid, signal.SIGKILL)
                unknown = self._haunted = True
            elif owner is not None and owner.phase >= FLUSHING:
                left.setdefault(owner.serial, Remaining()).unmarked.append(pid)
        return left, unknown

    def _move_on(self, attempt: Attempt, left: Remaining, *, unknown: bool) -> None:
        if not left and not unknown and not (attempt.phase == FLUSHING and attempt.pipes):
            self._finish(attempt)
        elif attempt.phase == FLUSHING:
            if attempt.crowd is None:
                attempt.crowd = min(max(CROWD, 2 * len(left)), LARGE_CROWD)
            if len(left) > attempt.crowd:
                attempt.signalled = set()
                attempt.phase = KILLING_REST
                self._roster.deadlines.set(attempt, time.monotonic_ns() + GIVE_UP_NS)
        if left and attempt.phase in (TERMINATING_REST, KILLING_REST):
            left.end(attempt, self._marks)
            self._killed += len(left)

    def _finish(self, attempt: Attempt) -> None:
        self._pipes.drain(attempt)
        if attempt.error is None and attempt.stopped is None:
            attempt.error = attempt.limits.passed(*attempt.status)
        if attempt.phase >= FLUSHING:
            os.waitpid(attempt.pid, 0)
        attempt.phase = DONE
        self._roster.deadlines.clear(attempt)
        self._leave(attempt)

    def _leave(self, attempt: Attempt) -> None:
        self._roster.gone(attempt)
        self._reports.ended(attempt)
        if attempt.gate is not None:
            os.unlink(attempt.gate)
        if attempt.file_path is not None:
            with suppress(FileNotFoundError):  # the command may have removed it
                os.unlink(attempt.file_path)
        if attempt.home is not None:
            self._homes.discard(attempt.home)


def _next_look_ns(attempt: Attempt, now_ns: int) -> int:
    if attempt.phase == TERMINATING_REST:
        return now_ns + TERM_LOOK_NS
    if attempt.phase == KILLING_REST:
        return now_ns
    took_ns = (now_ns - attempt.ended_ns) // LOOK_FACTOR
    return now_ns + min(max(took_ns, MILLISECOND), LOOK_AGAIN_NS)
