"""One process that is kept running: how its last start went, and when it is due again."""

import time
from dataclasses import dataclass

from punctual_devstack.spawn import Spec

RESTART_AT_MOST_SECONDS = 5.0
STEADY_SECONDS = 10.0


@dataclass(slots=True)
class Kept:
    """A process of the stack; times are of the monotonic clock, in seconds."""

    spec: Spec
    pid: int | None = None
    started: float = 0.0
    start_again: float | None = None
    deaths: int = 0  # in a row, each within 10 s of its start
    killed: bool = False  # as it did not stop in time

    def has_started(self, pid: int) -> None:
        """Note a start."""
        self.pid, self.started, self.start_again = pid, time.monotonic(), None

    def has_died(self) -> float:
        """Note a death; return in how many seconds to start again: 1, with each death 1 more."""
        now = time.monotonic()
        self.deaths = self.deaths + 1 if now - self.started < STEADY_SECONDS else 1
        delay = min(float(self.deaths), RESTART_AT_MOST_SECONDS)
        self.pid, self.start_again = None, now + delay
        return delay


def end_in_words(status: int) -> str:
    """Describe how a process ended, from the exit code that os.waitstatus_to_exitcode gives."""
    return f"killed by signal {-status}" if status < 0 else f"exit code {status}"
