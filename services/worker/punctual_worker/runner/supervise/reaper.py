"""Brings attempts whose command ended to their end: nothing of them alive.

A command has ended when its main process has ended and its pipes are closed: what it handed its
output to (`exec > >(tee log)`) reads and writes on for a moment. So everything that it started has
the end grace to end by itself. What lives then gets TERM, a short grace, and KILL.
"""

from __future__ import annotations

import os
import time

from punctual_worker.runner.attempts.attempt import MILLISECOND, RunnerAttempt
from punctual_worker.runner.attempts.lifecycle import Lifecycle
from punctual_worker.runner.attempts.phases import (
    Exited,
    NewestKilled,
    NothingLeft,
    Phase,
    SomeLeft,
    TooManyLeft,
)
from punctual_worker.runner.attempts.registry import AttemptRegistry
from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.supervise.newest import kill_newest
from punctual_worker.runner.supervise.process_tag import ProcessTag
from punctual_worker.runner.supervise.remaining import Remaining
from punctual_worker.runner.supervise.sweep import Sweep

# A scan costs about a microsecond for each process of the machine: at most a fifth of the time
# goes there, ends that come in between share the next one.
REST_FACTOR = 4
# More than this many, and twice as many as there were at the end, flush nothing: that is a fork
# bomb, which must not outrun the kills. So are more than LARGE_CROWD at any time.
CROWD, LARGE_CROWD = 16, 64


class Reaper:
    """Notices the ends of main processes, and looks what each left until that is nothing."""

    def __init__(
        self, registry: AttemptRegistry, lifecycle: Lifecycle, process_tag: ProcessTag
    ) -> None:
        self._registry = registry
        self._lifecycle = lifecycle
        self._process_tag = process_tag
        self._ended = registry.ended
        self._not_before_ns = 0
        self._pid_counter = PidCounter()
        self._doubts = False  # an orphan died that may have been any attempt's, and may have forked
        self._fleeting: set[int] = set()  # to be killed, and the last step found zombies alone
        # By serial number, of those to be killed: what the last step saw dead and could not reap.
        self._zombies: dict[int, frozenset[int]] = {}
        self.took_ns = 0  # by the last step, as a forecast for the next

    def notice_exit(self, attempt: RunnerAttempt) -> bool:
        """Return True if the command's main process is found to have ended just now.

        It stays a zombie, its number stays taken.
        """
        if not Phase.RUNNING <= attempt.phase <= Phase.KILLING:
            return False
        result = os.waitid(os.P_PID, attempt.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if result is None:
            return False
        if attempt.started_ns is None:  # a held shell's end, and not the command's
            exited = Exited(None, None)
        elif result.si_code == os.CLD_EXITED:
            exited = Exited(result.si_status, None)
        else:
            exited = Exited(None, result.si_status)
        return self._lifecycle.on(attempt, exited)

    def due_ns(self) -> int | None:
        """Return when step() has something to do, or None."""
        look_ns = self._ended.next_look_ns()
        return None if look_ns is None else max(self._not_before_ns, look_ns)

    def step(self, now_ns: int) -> None:
        """Look once at all processes, for every attempt whose main process has ended."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return
        began_ns = time.thread_time_ns()  # what was spent waiting for a processor is no cost
        sweep = self._sweep()
        signalled = sweep.killed
        # Once, and not for as long as some process without a mark goes on dying.
        self._doubts = sweep.unknown_died and not self._doubts
        unknown = sweep.unknown or self._doubts
        looks = [(attempt, sweep.left_of(attempt)) for attempt in self._ended.all()]
        for attempt, left in looks:
            signalled += self._judge(attempt, left, unknown=unknown)
        killed = [look for look in looks if look[0].phase == Phase.KILLING_REST]
        self._kill_fleeting({attempt.serial: attempt for attempt, left in killed if not left})
        self._zombies = {attempt.serial: left.zombies() for attempt, left in killed if left}
        self.took_ns = time.thread_time_ns() - began_ns
        now_ns = time.monotonic_ns()
        self._ended.looked(now_ns)
        rest_ns = 0 if signalled > CROWD else REST_FACTOR * self.took_ns
        if rest_ns and self._ended.next_look_ns() is not None:
            rest_ns = max(rest_ns, MILLISECOND)
        self._not_before_ns = now_ns + rest_ns
        if self._doubts or sweep.found_only_zombies():
            self._ended.look_at(now_ns)

    def tidy(self) -> None:
        """Kill processes that belong to no attempt any more, and reap what died unseen."""
        if self._registry.by_serial or self._registry.has_strays:
            self._sweep()

    def _sweep(self) -> Sweep:
        sweep = Sweep(self._process_tag, self._registry)
        self._registry.has_strays = sweep.killed > 0
        return sweep

    def _judge(self, attempt: RunnerAttempt, left: Remaining, *, unknown: bool) -> int:
        """Say what a look found of an attempt; return how many processes that had signalled."""
        flushes = attempt.phase <= Phase.FLUSHING_STOPPED
        over = left.is_over(self._zombies.get(attempt.serial, ()))
        if over and not unknown and not (flushes and attempt.pipes):
            self._lifecycle.on(attempt, NothingLeft())
        elif flushes and self._is_crowd(attempt, left):
            self._lifecycle.on(attempt, TooManyLeft(left))
            return len(left)
        elif left and self._lifecycle.on(attempt, SomeLeft(left)):
            return len(left)
        return 0

    def _is_crowd(self, attempt: RunnerAttempt, left: Remaining) -> bool:
        if attempt.crowd is None:
            attempt.crowd = min(max(CROWD, 2 * len(left)), LARGE_CROWD)
        return len(left) > attempt.crowd

    def _kill_fleeting(self, fleeting: dict[int, RunnerAttempt]) -> None:
        """Kill what two steps in a row found only zombies of."""
        if again := fleeting.keys() & self._fleeting:
            main_pids = self._registry.by_pid
            for serial in kill_newest(self._process_tag, self._pid_counter, again, main_pids):
                self._lifecycle.on(fleeting[serial], NewestKilled())
        self._fleeting = set(fleeting)
