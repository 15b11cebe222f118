"""Waiting: find why due runs have not started."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from punctual.domain.runs.concurrency import places_left
from punctual.domain.runs.ledger import LATE_AFTER
from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.domain.runs.states import PENDING, RunState
from punctual.domain.runs.waiting import Hindrance
from punctual.store.concurrency.team_slots import reached_reason, slugs_of
from punctual.store.concurrency.usage import (
    MAY_USE_QUEUE,
    count_running,
    limits_of,
    queued_by_limit,
)
from punctual.store.lifecycle.start import HAS_BEGUN, OTHER_UNFINISHED
from punctual.store.processes.workers import BUSY_SLOTS, IS_SILENT
from punctual.store.schema.models import Run

SERVED = text(f"""
SELECT queue, sum(slots) AS slots, sum(greatest(slots - {BUSY_SLOTS}, 0)) AS free
FROM workers, unnest(queues) AS queue WHERE state = 'active' GROUP BY queue
""")

# As dispatch and START see it: what runs, what is between two attempts, and, where runs of the task
# wait for each other, what is due before this one.
OBSTACLES = text(f"""
SELECT DISTINCT ON (r.id) r.id, other.id AS other, w.name, w.heartbeat_at FROM runs AS r
JOIN runs AS other ON {OTHER_UNFINISHED}
    AND ({HAS_BEGUN} OR r.overlap = 'queue' AND (other.due_at, other.id) < (r.due_at, r.id))
LEFT JOIN workers AS w ON w.id = other.worker_id AND other.state = 'running' AND {IS_SILENT}
WHERE r.id = ANY(:ids) AND r.overlap <> 'allow' AND r.attempt = 0
ORDER BY r.id, other.state = 'running' DESC, other.due_at, other.id
""")

SILENT_CLAIMS = text(f"""
SELECT r.id, w.name, w.heartbeat_at FROM runs AS r JOIN workers AS w ON w.id = r.worker_id
WHERE r.id = ANY(:ids) AND r.state = 'claimed' AND {IS_SILENT}
""")

FORBIDDEN = text(f"""
SELECT r.id, r.queue, t.slug FROM runs AS r JOIN teams AS t ON t.id = r.team_id
WHERE r.id = ANY(:ids) AND NOT {MAY_USE_QUEUE}
""")

NOW = text("SELECT clock_timestamp()")

NOTHING = Hindrance()


class Waiting(Protocol):
    """The columns of a run that may wait."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def state(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def limited(self) -> bool: ...
    @property
    def team_id(self) -> uuid.UUID: ...
    @property
    def due_at(self) -> datetime: ...


Waits = Waiting | Run | Row[tuple[object, ...]]


def waits_for(session: Session, run: Run) -> CodedReason | None:
    """Return what this run waits for other than its due time; None for nothing."""
    return hindrances(session.connection(), [run]).get(run.id, NOTHING).reason


def hindrances(
    connection: Connection, runs: Sequence[Waits], *, after: timedelta = LATE_AFTER
) -> dict[uuid.UUID, Hindrance]:
    """Return what each waiting run waits for; runs that wait for nothing are left out.

    Other runs and busy slots count from `after` its due time on: up to then it is on time.
    """
    waiting = [run for run in runs if run.state in PENDING]
    if not waiting:
        return {}
    served = {row.queue: row for row in connection.execute(SERVED)}
    limits = _reached(connection, waiting) | _forbidden(connection, waiting)
    now: datetime = connection.execute(NOW).scalar_one()
    late = [run.id for run in waiting if run.due_at <= now - after]
    rows = connection.execute(OBSTACLES, {"ids": late}).all() if late else []
    others: dict[uuid.UUID, uuid.UUID] = {row.id: row.other for row in rows}
    claimed = [run.id for run in waiting if run.state == RunState.CLAIMED and run.id in set(late)]
    silent_claims = connection.execute(SILENT_CLAIMS, {"ids": claimed}).all() if claimed else []
    looked_at = [*rows, *(row for row in silent_claims if row.id not in others)]
    silent = {row.id: (row.name, row.heartbeat_at) for row in looked_at if row.name}
    found = {
        run.id: replace(
            _of(run, served, limits.get(run.id), others.get(run.id), late=run.id in late),
            silent=silent.get(run.id),
        )
        for run in waiting
    }
    return {run_id: hindrance for run_id, hindrance in found.items() if hindrance.code}


def _of(
    run: Waits,
    served: Mapping[str, Row[tuple[object, ...]]],
    limit: CodedReason | None,
    other: uuid.UUID | None,
    *,
    late: bool,
) -> Hindrance:
    slots = served.get(run.queue)
    is_claimed = run.state == RunState.CLAIMED
    is_closed = limit is not None and limit.code is ReasonCode.QUEUE_CLOSED
    # One that is scheduled has not come so far.
    busy = (
        late
        and slots is not None
        and (is_claimed or (run.state == RunState.QUEUED and slots.free == 0))
    )
    return Hindrance(
        queue=None if slots is not None or is_closed or is_claimed else run.queue,
        limit=limit,
        run_id=other,
        slots=(run.queue, int(slots.slots)) if busy and slots is not None else None,
    )


def _forbidden(connection: Connection, runs: Collection[Waits]) -> dict[uuid.UUID, CodedReason]:
    """Return the reason for each run whose team may not use its queue."""
    rows = connection.execute(FORBIDDEN, {"ids": [run.id for run in runs if run.limited]})
    return {row.id: coded(ReasonCode.QUEUE_CLOSED, queue=row.queue, team=row.slug) for row in rows}


def _reached(connection: Connection, runs: Collection[Waits]) -> dict[uuid.UUID, CodedReason]:
    """Return the first limit that is reached of each run."""
    counted = limits_of(connection, [run.id for run in runs if run.limited])
    if not counted:
        return {}
    teams = {row.team_id for row in counted}
    running, ahead = count_running(connection, teams), queued_by_limit(connection, teams)
    slugs = slugs_of(connection, [row.limit for row in counted])
    scheduled = {run.id for run in runs if run.state == RunState.SCHEDULED}
    reached: dict[uuid.UUID, CodedReason] = {}
    # What runs comes first; what is queued keeps others back too.
    for queued in (False, True):
        for row in counted:
            key, taken = row.limit.key, running.get(row.limit.key, 0)
            left = row.limit.most - taken
            if queued and row.run_id in scheduled:
                left = places_left(left, ahead.get(key, {}), row.queued)
            if left <= 0:
                reached.setdefault(row.run_id, reached_reason(row.limit, slugs, taken))
    return reached
