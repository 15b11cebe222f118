"""Attempts whose main process has ended, and when to look at what is left of them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from punctual_worker.runner.attempts.attempt import RunnerAttempt


class EndedAttempts:
    """In the order of their ends; one look at all processes serves all of them."""

    def __init__(self) -> None:
        self.attempts: list[RunnerAttempt] = []
        self.look_ns = 0

    def add(self, attempt: RunnerAttempt, look_ns: int) -> None:
        """Enter an attempt whose main process has just ended."""
        self.look_at(look_ns)
        self.attempts.append(attempt)

    def look_at(self, instant_ns: int) -> None:
        """Have a look taken at `instant_ns` at the latest."""
        self.look_ns = min(self.look_ns, instant_ns) if self.attempts else instant_ns

    def remove(self, attempt: RunnerAttempt) -> None:
        """Strike out an attempt that is given up."""
        self.attempts = [other for other in self.attempts if other is not attempt]
