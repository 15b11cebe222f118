"""The rescuer: ends what came too late, buries silent workers and takes back what they held."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine

from punctual import telemetry
from punctual.domain.run import FINAL
from punctual.store.dispatch import mark_missed
from punctual.store.finish import Settled
from punctual.store.reap import bury, database_clock, reap_claimed, reap_overdue, reap_running
from punctual.tracing import Tracing
from punctual_coordinator.contact import Contact

log = structlog.get_logger()

Row = TypeVar("Row")

BATCH = 500


@dataclass(frozen=True, slots=True)
class Report:
    """How many runs were missed, workers buried, and runs put back, retried or given up."""

    missed: int = 0
    buried: int = 0
    put_back: int = 0
    ended: int = 0


class Rescuer:
    """Repairs, in short transactions, what late or dead workers left behind.

    It buries nobody before it has been in unbroken contact with the database for a whole lease:
    after an outage every heartbeat looks old, and its worker may only be about to renew it.
    """

    def __init__(
        self,
        engine: Engine,
        contact: Contact,
        *,
        lease: timedelta,
        batch: int = BATCH,
        tracing: Tracing | None = None,
    ) -> None:
        self._engine = engine
        self._contact = contact
        self._lease = lease
        self._batch = batch
        self._tracing = tracing

    def run_once(self, *, now: datetime | None = None) -> Report:
        """Do everything that can be done now; what workers left in good order needs no waiting."""
        missed = self._drain(
            lambda c: mark_missed(c, limit=self._batch, now=now, lease=self._lease)
        )
        for run_id in missed:
            log.warning("run missed", run_id=str(run_id))
        telemetry.RUNS_FINISHED.labels("missed").inc(len(missed))
        buried = self._bury(now)
        put_back = self._drain(lambda c: reap_claimed(c, limit=self._batch))
        for run_id in put_back:
            log.warning("run reaped", run_id=str(run_id), outcome="put back")
        overdue = self._take_overdue(now)
        telemetry.RUNS_REAPED.labels("put back").inc(len(put_back) + overdue)
        ended = self._drain(lambda c: reap_running(c, limit=self._batch))
        for run in ended:
            self._tell(run)
        return Report(len(missed), buried, len(put_back) + overdue, len(ended))

    def _take_overdue(self, now: datetime | None) -> int:
        """Take back what workers claimed and do not start; after an outage they get time to."""
        if not self._contact.unbroken_for(self._lease.total_seconds()):
            return 0
        taken = self._drain(lambda c: reap_overdue(c, limit=self._batch, now=now))
        for run_id, worker in taken:
            log.warning("overdue claim taken back", run_id=str(run_id), worker=worker)
        return len(taken)

    def _bury(self, now: datetime | None) -> int:
        with self._engine.begin() as connection:
            # Heartbeats are held against a time read before the check of our own contact: a
            # database that freezes between the two makes nobody look silent.
            read_at = database_clock(connection)
            self._contact.made()
            if not self._contact.unbroken_for(self._lease.total_seconds()):
                return 0
            buried = bury(connection, lease=self._lease, now=now or read_at)
        for worker in buried:
            log.warning("worker buried", worker_id=str(worker.worker_id), worker=worker.name)
        telemetry.BURIED_WORKERS.inc(len(buried))
        return len(buried)

    def _drain(self, take: Callable[[Connection], Sequence[Row]]) -> list[Row]:
        taken: list[Row] = []
        while True:
            with self._engine.begin() as connection:
                rows = take(connection)
            taken += rows
            if len(rows) < self._batch:
                return taken

    def _tell(self, run: Settled) -> None:
        outcome = "retried" if run.retry_at else run.state
        log.warning("run reaped", run_id=str(run.run_id), attempt=run.attempt, outcome=outcome)
        telemetry.RUNS_REAPED.labels(outcome).inc()
        if run.retry_at:
            telemetry.RUNS_RETRIED.inc()
        if run.state in FINAL:
            telemetry.RUNS_FINISHED.labels(run.state).inc()
            if self._tracing:
                told = {"task_id": str(run.task_id)}
                at = datetime.now(UTC)
                self._tracing.run_ended(run.run_id, state=run.state, at=at, told=told)
