"""Scheduling pass: plan and dispatch batch by batch, so that the first runs leave at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime

import structlog

from punctual_coordinator.duties.dispatcher import Dispatcher, DispatchResult
from punctual_coordinator.duties.planner import Planner, PlanResult

log = structlog.get_logger()

MOST_BATCHES = 100
"""The most batches of one pass; the next pass goes on."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """Totals of the batches of one pass."""

    planned: int = 0
    missed: int = 0
    refused: int = 0
    queued: int = 0
    published: int = 0


class SchedulingPass:
    """Plans and dispatches what is due; cycle, sweep and wake-up take turns with it."""

    def __init__(
        self,
        planner: Planner,
        dispatcher: Dispatcher,
        stop: threading.Event,
        *,
        progressed: Callable[[], None] = lambda: None,
    ) -> None:
        """`progressed` is called after each batch but the last one."""
        self._progressed = progressed
        self._planner = planner
        self._dispatcher = dispatcher
        self._stop = stop
        self._turn = threading.Lock()

    def run_once(self, *, now: datetime | None = None) -> PassResult:
        """Plan and dispatch until nothing due is left, or `stop` is set.

        With more than a batch to do, each is dispatched while the next one is planned.
        """
        planned: list[PlanResult] = []
        dispatched: list[DispatchResult] = []
        with self._turn, ThreadPoolExecutor(1, "dispatch") as dispatching:
            self._planner.begin_pass()
            running: Future[DispatchResult] | None = None
            try:
                for batch in self._plan(now):
                    planned.append(batch)
                    if running:
                        dispatched.append(running.result())
                    if batch.more:
                        self._progressed()
                        here = copy_context()  # so that its commits count for this duty
                        running = dispatching.submit(here.run, self._dispatcher.run_once, now=now)
                    else:
                        running = None
                        dispatched.append(self._dispatcher.run_once(now=now))
            except Exception:
                # What is planned already leaves on time all the same.
                self._dispatcher.run_once(now=now)
                raise
            if running:
                dispatched.append(running.result())
        for team_id in self._planner.put_off:
            log.warning("team planning deferred", team_id=str(team_id))
        return PassResult(
            planned=sum(each.runs for each in planned),
            missed=sum(each.missed for each in planned),
            refused=sum(each.refused for each in planned),
            queued=sum(each.runs for each in dispatched),
            published=sum(each.published for each in dispatched),
        )

    def _plan(self, now: datetime | None) -> Iterator[PlanResult]:
        for number in range(MOST_BATCHES):
            # With more than a batch to do, every other one is shared out: a team's many tasks
            # do not keep those of others waiting, and nothing is put off for ever.
            batch = self._planner.run_once(now=now, by_team=number % 2 == 1)
            yield batch
            if not batch.more or self._stop.is_set():
                return

    def finish(self) -> None:
        """Return when no pass is at work."""
        with self._turn:
            return
