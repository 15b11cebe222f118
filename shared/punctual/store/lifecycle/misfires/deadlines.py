"""Start deadlines: end runs past their deadline, with the reason why they did not start."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded, stored_reason
from punctual.domain.runs.states import RunState
from punctual.domain.runs.waiting import Hindrance
from punctual.store.lifecycle.misfires.missed import Miss, miss
from punctual.store.lifecycle.planning.max_runs import lock_tasks
from punctual.store.processes.database_silences import silences_at
from punctual.store.processes.stops import JOIN_UP, STOPS, UP, why_nothing_ran
from punctual.store.processes.workers import LEASE
from punctual.store.runs.blocked_by import hindrances

# A limit that kept a run from its start was noted by then, and may have room again by now.
EXCEEDED = text(f"""
WITH {UP}
SELECT r.id, r.fence, r.task_id, r.state, r.queue, r.team_id, r.due_at, r.limited,
       l.reason_code AS noted_code, l.reason_args AS noted_args,
       {STOPS.format(latest_start="r.start_by")}
FROM runs AS r {JOIN_UP}
LEFT JOIN ledger AS l ON l.task_id = r.task_id AND l.scheduled_for = r.scheduled_for
                     AND l.run_id = r.id AND l.reason = 'limited'
WHERE r.state IN ('scheduled', 'queued') AND r.attempt = 0
  AND r.start_by <= coalesce(:now, now())
ORDER BY r.due_at, r.id LIMIT :limit
""")

NO_WAIT = timedelta(0)


def mark_missed(
    connection: Connection,
    *,
    batch_size: int,
    now: datetime | None = None,
    lease: timedelta = LEASE,
) -> list[uuid.UUID]:
    """End at most `batch_size` runs whose start deadline has passed before they could start."""
    exceeded = connection.execute(EXCEEDED, {"limit": batch_size, "now": now, "lease": lease}).all()
    locked = lock_tasks(connection, {row.task_id for row in exceeded}) if exceeded else set()
    rows = [row for row in exceeded if row.task_id in locked]
    if not rows:
        return []
    found = hindrances(connection, rows, after=NO_WAIT)
    stopped = [row for row in rows if _was_stopped(row)]
    stops = {
        row.id: why for row, why in zip(stopped, why_nothing_ran(connection, stopped), strict=True)
    }
    silences = silences_at(connection, [row.due_at for row in rows])
    misses = []
    for row in rows:
        silence = silences.get(row.due_at)
        why = (
            silence.reason()
            if silence
            else stops.get(row.id) or _why(row, found.get(row.id, Hindrance()))
        )
        misses.append(Miss(row.id, row.fence, why.with_args(start_deadline=True)))
    return miss(connection, misses)


def _was_stopped(row: Row[Any]) -> bool:
    """Return whether no service could start it: once it is queued, only workers count."""
    return bool(row.no_worker or (row.no_coordinator and row.state == RunState.SCHEDULED))


def _why(row: Row[Any], found: Hindrance) -> CodedReason:
    queued = row.state == RunState.QUEUED
    if not queued:  # workers come in only after dispatch
        found = replace(found, queue=None)
    limit_reached = stored_reason(row.noted_code, row.noted_args)
    if limit_reached is not None and found.queue is None and found.limit is None:
        return limit_reached
    if found.reason is not None:
        return found.reason
    if queued:
        return coded(ReasonCode.NOT_CLAIMED, queue=row.queue)
    return coded(ReasonCode.NOT_DISPATCHED)
