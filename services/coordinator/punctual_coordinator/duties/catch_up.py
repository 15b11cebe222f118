"""Catch-up: settles the planned runs that a stop left behind."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine

from punctual.ops import telemetry
from punctual.store.lifecycle.misfires.catch_up import CatchUpBatch, settle_left_behind
from punctual_coordinator.duties.drain import drain

log = structlog.get_logger()

BATCH = 500


@dataclass(frozen=True, slots=True)
class CatchUpResult:
    """How many runs were missed, and how many are still to run."""

    missed: int = 0
    caught_up: int = 0


class CatchUpDuty:
    """Applies each task's `catch_up` to runs that a stop left behind, in short transactions.

    After planning: only then is it known which due time is the newest.
    """

    def __init__(self, engine: Engine, *, lease: timedelta, batch: int = BATCH) -> None:
        self._engine = engine
        self._lease = lease
        self._batch = batch

    def run_once(self, *, now: datetime | None = None) -> CatchUpResult:
        """Settle all that can be settled now; what is locked is left to the next time."""
        missed = caught_up = 0
        for settled in drain(
            self._engine.begin,
            lambda connection: settle_left_behind(
                connection, lease=self._lease, batch_size=self._batch, now=now
            ),
            more=self._has_more,
        ):
            for run_id in settled.missed:
                log.warning("run missed", run_id=str(run_id))
            telemetry.RUNS_FINISHED.labels("missed").inc(len(settled.missed))
            missed += len(settled.missed)
            caught_up += len(settled.caught_up)
        return CatchUpResult(missed, caught_up)

    def _has_more(self, settled: CatchUpBatch) -> bool:
        return settled.found >= self._batch and bool(settled.missed or settled.caught_up)
