"""Runner watch: ping the runner at every heartbeat, and detect a stuck one."""

import time
from collections.abc import Callable

from punctual_worker.agent.runner_link.client import RunnerClient

SILENT_SECONDS = 10.0
"""A runner answers within milliseconds; one that does not for this long is stopped or stuck."""
TURN_SECONDS = 1.0
"""Between two looks no more than this is counted: a frozen machine must not blame its runner."""


class RunnerWatch:
    """Pings the runner at intervals, and reports when it has been silent for too long."""

    def __init__(
        self,
        runner: RunnerClient,
        *,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._every = every_seconds
        self._clock = clock
        self._looked = clock()
        self._since_ping = 0.0
        self._silent = 0.0
        self._answers = 0
        self._pinged = False

    def look(self) -> bool:
        """Ping when it is time; return False once an answer is overdue."""
        now = self._clock()
        elapsed, self._looked = min(now - self._looked, TURN_SECONDS), now
        self._since_ping += elapsed
        if self._runner.received != self._answers:
            self._answers = self._runner.received
            self._pinged, self._silent = False, 0.0
        elif self._pinged:
            self._silent += elapsed
        if not self._pinged and self._since_ping >= self._every:
            self._pinged, self._since_ping = True, 0.0
            self._runner.ping()
        return self._silent <= SILENT_SECONDS
