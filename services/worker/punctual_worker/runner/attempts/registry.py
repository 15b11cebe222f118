"""Who is here and wants attention when: every attempt whose end is not reported yet."""

from __future__ import annotations

from punctual_worker.runner.attempts.attempt import RunnerAttempt
from punctual_worker.runner.attempts.ended import EndedAttempts
from punctual_worker.runner.attempts.timers import Timers


class AttemptRegistry:
    """The same attempts by the three names they go by, and `Timers` of what comes next."""

    def __init__(self) -> None:
        self.by_key: dict[str, RunnerAttempt] = {}  # the agent's name, from order to report
        self.by_serial: dict[int, RunnerAttempt] = {}  # our own, while it has processes
        self.by_pid: dict[int, RunnerAttempt] = {}  # its main process, until that is reaped
        self.starts = Timers()  # instants of those that wait
        self.deadlines = Timers()  # of those that run: timeout, end of grace, giving up
        self.ended = EndedAttempts()
        self.has_strays = False  # processes live whose attempt is gone

    def spawned(self, attempt: RunnerAttempt) -> None:
        """Enter the process of an attempt."""
        self.by_serial[attempt.serial] = attempt
        self.by_pid[attempt.pid] = attempt

    def left(self, attempt: RunnerAttempt) -> None:
        """Strike out a process that did not become one of the attempt, which goes on waiting."""
        self.by_serial.pop(attempt.serial, None)
        self.by_pid.pop(attempt.pid, None)

    def gone(self, attempt: RunnerAttempt) -> None:
        """Strike an attempt out: its end is about to be reported."""
        self.by_key.pop(attempt.key, None)
        self.by_serial.pop(attempt.serial, None)
        self.by_pid.pop(attempt.pid, None)
