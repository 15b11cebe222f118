"""Rescuer: end missed runs, bury silent workers, and take back their runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine

from punctual.domain.runs.states import FINAL
from punctual.ops import telemetry
from punctual.ops.tracing import Tracing
from punctual.store.lifecycle.dispatch import mark_missed
from punctual.store.lifecycle.finish import Settled
from punctual.store.lifecycle.paused_retries import withdraw_paused_retries
from punctual.store.lifecycle.reap import Buried, bury, reap_claimed, reap_overdue, reap_running
from punctual.store.processes.uptime import Uptime, record_uptime
from punctual_coordinator.duties.drain import drain
from punctual_coordinator.liveness.database_contact import DatabaseContact
from punctual_coordinator.liveness.database_silence import SilenceRecorder

log = structlog.get_logger()

Row = TypeVar("Row")

BATCH = 500


@dataclass(frozen=True, slots=True)
class RescueResult:
    """How many runs were missed, workers buried, and runs put back, given up or withdrawn."""

    missed: int = 0
    buried: int = 0
    put_back: int = 0
    ended: int = 0
    withdrawn: int = 0


class Rescuer:
    """Settles, in short transactions, the runs of late or dead workers.

    It takes back from silent workers only when the database was up for a whole lease: after an
    outage every heartbeat looks old, and its worker may only be about to renew it. The database
    itself knows that (store/processes/uptime.py), so a coordinator that was just started need not
    wait. One that lost the database in its own lifetime waits a lease from then on.
    """

    def __init__(
        self,
        engine: Engine,
        contact: DatabaseContact,
        *,
        lease: timedelta,
        batch: int = BATCH,
        tracing: Tracing | None = None,
        silences: SilenceRecorder | None = None,
    ) -> None:
        self._engine = engine
        self._contact = contact
        self._lease = lease
        self._batch = batch
        self._tracing = tracing
        self._silences = silences

    def run_once(self, *, now: datetime | None = None) -> RescueResult:
        """Rescue everything that can be rescued now; runs of stopped workers at once."""
        uptime = self._uptime()  # the first answer of the sweep: a silence has ended with it
        if self._silences:
            self._silences.run_once()
        missed = self._all(
            lambda c: mark_missed(c, batch_size=self._batch, now=now, lease=self._lease)
        )
        for run_id in missed:
            log.warning("run missed", run_id=str(run_id))
        telemetry.RUNS_FINISHED.labels("missed").inc(len(missed))
        withdrawn = self._all(lambda c: withdraw_paused_retries(c, batch_size=self._batch))
        for run in withdrawn:
            log.info("retry withdrawn", run_id=str(run.run_id), state=run.state)
            telemetry.RUNS_FINISHED.labels(run.state).inc()
        buried = self._bury(now or uptime.seen_at) if self._may_take(uptime) else []
        put_back = self._all(lambda c: reap_claimed(c, batch_size=self._batch))
        for run_id in put_back:
            log.warning("run reaped", run_id=str(run_id), outcome="put back")
        overdue = self._take_overdue(now) if self._may_take(uptime) else 0
        telemetry.RUNS_REAPED.labels("put back").inc(len(put_back) + overdue)
        ended = self._all(lambda c: reap_running(c, batch_size=self._batch))
        for settled in ended:
            self._log_settled(settled)
        given = len(put_back) + overdue
        return RescueResult(len(missed), len(buried), given, len(ended), len(withdrawn))

    def _take_overdue(self, now: datetime | None) -> int:
        """Take back what workers claimed and do not start; after an outage they get time to."""
        taken = self._all(lambda c: reap_overdue(c, batch_size=self._batch, now=now))
        for run_id, worker in taken:
            log.warning("overdue claim revoked", run_id=str(run_id), worker=worker)
        return len(taken)

    def _uptime(self) -> Uptime:
        with self._engine.begin() as connection:
            return record_uptime(connection, lease=self._lease)

    def _may_take(self, uptime: Uptime) -> bool:
        unbroken = self._contact.unbroken_for(self._lease.total_seconds())
        return uptime.covers(self._lease) and unbroken

    def _bury(self, now: datetime) -> list[Buried]:
        # Heartbeats are compared with the end of the time that is known to be long enough: what
        # freezes after that makes no worker look silent.
        with self._engine.begin() as connection:
            buried = bury(connection, lease=self._lease, now=now)
        for worker in buried:
            log.warning("worker buried", worker_id=str(worker.worker_id), worker=worker.name)
        telemetry.BURIED_WORKERS.inc(len(buried))
        return buried

    def _all(self, take: Callable[[Connection], Sequence[Row]]) -> list[Row]:
        batches = drain(self._engine.begin, take, more=lambda rows: len(rows) >= self._batch)
        return [row for rows in batches for row in rows]

    def _log_settled(self, run: Settled) -> None:
        outcome = "retried" if run.retry_at else run.state
        log.warning("run reaped", run_id=str(run.run_id), attempt=run.attempt, outcome=outcome)
        telemetry.RUNS_REAPED.labels(outcome).inc()
        if run.retry_at:
            telemetry.RUNS_RETRIED.inc()
        if run.state in FINAL:
            telemetry.RUNS_FINISHED.labels(run.state).inc()
            if self._tracing:
                fields = {"task_id": str(run.task_id)}
                at = datetime.now(UTC)
                self._tracing.run_ended(run.run_id, state=run.state, at=at, fields=fields)
