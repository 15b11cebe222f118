"""Catch-up: settles the planned runs that a stop left behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine

from punctual.ops import telemetry
from punctual.store.lifecycle.catch_up import settle_left_behind

log = structlog.get_logger()

BATCH = 500


@dataclass(frozen=True, slots=True)
class Report:
    """How many runs were missed, and how many are still to run."""

    missed: int = 0
    caught_up: int = 0


class CatchUp:
    """Asks each task's `catch_up` about what a stop left behind, in short transactions.

    After planning: only then is it known which due time is the newest.
    """

    def __init__(self, engine: Engine, *, lease: timedelta, batch: int = BATCH) -> None:
        self._engine = engine
        self._lease = lease
        self._batch = batch

    def run_once(self, *, now: datetime | None = None) -> Report:
        """Settle all that can be settled now; what is locked is left to the next time."""
        missed = caught_up = 0
        while True:
            with self._engine.begin() as connection:
                settled = settle_left_behind(
                    connection, lease=self._lease, limit=self._batch, now=now
                )
            for run_id in settled.missed:
                log.warning("run missed", run_id=str(run_id))
            telemetry.RUNS_FINISHED.labels("missed").inc(len(settled.missed))
            missed += len(settled.missed)
            caught_up += len(settled.caught_up)
            done = len(settled.missed) + len(settled.caught_up)
            if settled.found < self._batch or not done:
                return Report(missed, caught_up)
