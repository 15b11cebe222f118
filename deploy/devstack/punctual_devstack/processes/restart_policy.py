"""One process that is kept running: how its last start went, and when it is due again."""

import time
from dataclasses import dataclass

from punctual_devstack.processes.spawn import Spec

RESTART_AT_MOST_SECONDS = 5.0
STEADY_SECONDS = 10.0
STOP_WAIT_SECONDS = 1.0
"""A process that is stopping by itself may take this long before its stop signal is sent."""


@dataclass(slots=True)
class SupervisedProcess:
    """A process of the stack; times are of the monotonic clock, in seconds."""

    spec: Spec
    pid: int | None = None
    started: float = 0.0
    start_again: float | None = None
    deaths: int = 0  # in a row, each within 10 s of its start
    killed: bool = False  # as it did not stop in time
    stopping_since: float | None = None  # though the stack has not stopped it

    def has_started(self, pid: int) -> None:
        """Note a start."""
        self.pid, self.started, self.start_again = pid, time.monotonic(), None
        self.stopping_since = None

    def has_died(self) -> float:
        """Note a death; return in how many seconds to start again: 1, with each death 1 more."""
        now = time.monotonic()
        self.deaths = self.deaths + 1 if now - self.started < STEADY_SECONDS else 1
        delay = min(float(self.deaths), RESTART_AT_MOST_SECONDS)
        self.pid, self.start_again = None, now + delay
        return delay

    def is_stuck(self) -> bool:
        """Return True once for a process that is stopping, unasked by the stack, for too long."""
        begun = self.spec.has_begun_to_stop
        if self.pid is None or begun is None or not begun(self.pid):
            return False
        now = time.monotonic()
        if self.stopping_since is None:
            self.stopping_since = now
        if now - self.stopping_since < STOP_WAIT_SECONDS:
            return False
        self.stopping_since = float("inf")
        return True


def end_in_words(status: int) -> str:
    """Describe how a process ended, from the exit code that os.waitstatus_to_exitcode gives."""
    return f"killed by signal {-status}" if status < 0 else f"exit code {status}"
