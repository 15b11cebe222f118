"""Brings attempts whose command ended to their end: nothing alive, output read, reported."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

from punctual_worker.runner.attempt import DONE, EXITED, KILLING, SECOND, Attempt
from punctual_worker.runner.census import Census, may_be_of_a_live_one, owner_of_unmarked, reap
from punctual_worker.runner.homes import Homes
from punctual_worker.runner.killing import kill_child, signal_group, signal_marked
from punctual_worker.runner.marks import Marks
from punctual_worker.runner.pipes import Pipes
from punctual_worker.runner.reports import Reports
from punctual_worker.runner.roster import Roster
from punctual_worker.runner.watch import Watch

GIVE_UP_NS = 5 * SECOND
MILLISECOND = 1_000_000
# A census costs about a microsecond for each process of the machine: at most a fifth of the time
# goes there, ends that come in between share the next one.
REST_FACTOR = 4
# So many that are left at once are no leftovers but a fork bomb, which must not outrun the kills.
CROWD = 16


class Endings:
    """Collects ended commands, kills what they left and reports them once nothing is alive."""

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
        self._exited: list[Attempt] = []
        self._not_before_ns = 0
        self._haunted = False
        self._killed = 0  # in the last step
        self.took_ns = 0  # by the last step, as a forecast for the next

    def exited(self, attempt: Attempt) -> bool:
        """Note that the main process ended, if so; it stays a zombie, its number stays taken."""
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
        attempt.phase = EXITED
        self._let_pidfd_go(attempt)
        signal_group(attempt, signal.SIGKILL)
        self._exited.append(attempt)
        self._roster.deadlines.set(attempt, attempt.ended_ns + GIVE_UP_NS)
        return True

    def due_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        if not self._exited:
            return None
        return max(self._not_before_ns, self._exited[0].ended_ns)

    def step(self, now_ns: int) -> None:
        """Kill what is left of ended attempts, and report those of which nothing is."""
        if not self._exited or now_ns < self._not_before_ns:
            return
        began_ns = time.thread_time_ns()  # what was spent waiting for a processor is no cost
        left = self._kill_strays()
        self.took_ns = time.thread_time_ns() - began_ns
        for attempt in self._exited:
            if attempt.serial not in left:
                self._finish(attempt)
        self._exited = [attempt for attempt in self._exited if attempt.phase == EXITED]
        rest_ns = 0 if self._killed > CROWD else REST_FACTOR * self.took_ns
        if self._exited and rest_ns:
            rest_ns = max(rest_ns, MILLISECOND)
        self._not_before_ns = time.monotonic_ns() + rest_ns

    def tidy(self) -> None:
        """Kill what nobody answers for any more, and reap what died unseen."""
        if self._roster.by_serial or self._haunted:
            self._haunted = bool(self._kill_strays())

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
        self._exited = [other for other in self._exited if other is not attempt]

    def _let_pidfd_go(self, attempt: Attempt) -> None:
        if attempt.pidfd >= 0:
            self._watch.close(attempt.pidfd)
            attempt.pidfd = -1

    def _kill_strays(self) -> set[int]:
        """Signal every process that should not be; return the serial numbers that had some."""
        census = Census(self._marks, self._roster.by_pid)
        left: set[int] = set()
        self._killed = 0
        for serial, pids in census.marked.items():
            owner = self._roster.by_serial.get(serial)
            if owner is not None and owner.phase != EXITED:
                for pid in pids:
                    reap(pid)
                continue
            left.add(serial)
            self._killed += len(pids)
            for pid in pids:
                signal_marked(pid, serial, self._marks, signal.SIGKILL)
        for pid in census.unmarked:
            owner = owner_of_unmarked(pid, self._roster)
            if owner is None and may_be_of_a_live_one(pid, self._roster):
                continue
            if owner is None or owner.phase == EXITED:
                kill_child(pid)
                # Whoever it was of, its end is waited for by all that are ending.
                left.update([owner.serial] if owner else (a.serial for a in self._exited))
        return left

    def _finish(self, attempt: Attempt) -> None:
        self._pipes.drain(attempt)
        if attempt.error is None and attempt.stopped is None:
            attempt.error = attempt.limits.passed(*attempt.status)
        if attempt.phase == EXITED:
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
