"""A pass: plan and dispatch batch by batch, so that the first runs leave at once."""

import threading
from dataclasses import dataclass
from datetime import datetime

from punctual_coordinator.dispatcher import Dispatcher
from punctual_coordinator.planner import Planner

MOST_BATCHES = 100
"""One pass does no more; whoever comes next goes on."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the batches of one pass came to."""

    planned: int = 0
    missed: int = 0
    refused: int = 0
    queued: int = 0
    published: int = 0


class DuePass:
    """Plans and dispatches what is due; cycle, sweep and wake-up take turns with it."""

    def __init__(self, planner: Planner, dispatcher: Dispatcher, stop: threading.Event) -> None:
        self._planner = planner
        self._dispatcher = dispatcher
        self._stop = stop
        self._turn = threading.Lock()

    def run_once(self, *, now: datetime | None = None) -> Report:
        """Plan and dispatch until nothing due is left, or `stop` is set."""
        total = Report()
        with self._turn:
            for number in range(MOST_BATCHES):
                # With more than a batch to do, every other one is shared out: nobody's many tasks
                # keep those of others waiting, and nothing is put off for ever.
                planned = self._planner.run_once(now=now, by_owner=number % 2 == 1)
                dispatched = self._dispatcher.run_once(now=now)
                total = Report(
                    planned=total.planned + planned.runs,
                    missed=total.missed + planned.missed,
                    refused=total.refused + planned.refused,
                    queued=total.queued + dispatched.runs,
                    published=total.published + dispatched.published,
                )
                if not planned.more or self._stop.is_set():
                    break
        return total

    def finish(self) -> None:
        """Return when no pass is at work."""
        with self._turn:
            return
