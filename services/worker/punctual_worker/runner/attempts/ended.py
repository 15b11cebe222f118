"""Attempts whose main process has ended, and when to look at what is left of them."""

from __future__ import annotations

from punctual_worker.runner.attempts.attempt import MILLISECOND
from punctual_worker.runner.attempts.phases import Phase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.attempts.attempt import RunnerAttempt

# While something flushes it is looked at again after a quarter of the time that it took so far.
LOOK_FACTOR = 4
LOOK_AGAIN_NS = 50 * MILLISECOND
TERM_LOOK_NS = 5 * MILLISECOND


class EndedAttempts:
    """In the order of their ends; one look at all processes serves all of them."""

    def __init__(self) -> None:
        self._attempts: dict[int, RunnerAttempt] = {}
        self._look_ns = 0

    def add(self, attempt: RunnerAttempt, look_ns: int) -> None:
        """Enter an attempt whose main process has just ended."""
        self.look_at(look_ns)
        self._attempts[attempt.serial] = attempt

    def remove(self, attempt: RunnerAttempt) -> None:
        """Strike out an attempt whose end is about to be reported."""
        del self._attempts[attempt.serial]

    def all(self) -> list[RunnerAttempt]:
        """Return all of them, for a look in which some come to their end."""
        return list(self._attempts.values())

    def next_look_ns(self) -> int | None:
        """Return when to look, or None while there is nothing to look for."""
        return self._look_ns if self._attempts else None

    def look_at(self, instant_ns: int) -> None:
        """Have a look taken at `instant_ns` at the latest."""
        self._look_ns = min(self._look_ns, instant_ns) if self._attempts else instant_ns

    def looked(self, now_ns: int) -> None:
        """Have the next look taken when the phases of those that are left want it."""
        looks = (_next_look_ns(attempt, now_ns) for attempt in self._attempts.values())
        self._look_ns = min(looks, default=0)


def _next_look_ns(attempt: RunnerAttempt, now_ns: int) -> int:
    if attempt.phase == Phase.TERMINATING_REST:
        return now_ns + TERM_LOOK_NS
    if attempt.phase == Phase.KILLING_REST:
        return now_ns
    took_ns = (now_ns - attempt.ended_ns) // LOOK_FACTOR
    return now_ns + min(max(took_ns, MILLISECOND), LOOK_AGAIN_NS)
