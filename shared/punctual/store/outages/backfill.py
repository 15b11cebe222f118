"""Backfill an outage: run its missed due times, for the chosen tasks."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import read_schedule
from punctual.store.ledger.backfill import MOST_LOOKED_AT, backfill, find_missing
from punctual.store.outages.outages import Gap
from punctual.store.schema.models import Task

MISSED = text("""
SELECT scheduled_for, coalesce(until, scheduled_for) AS until FROM ledger
WHERE task_id = :task_id AND reason = 'missed'
  AND scheduled_for > :from_at AND scheduled_for <= :to_at
ORDER BY scheduled_for
""")

WITH_MISSED = text("""
SELECT DISTINCT task_id FROM ledger
WHERE team_id = ANY(:team_ids) AND reason = 'missed'
  AND scheduled_for > :from_at AND scheduled_for <= :to_at
""")


@dataclass(frozen=True, slots=True)
class Backfilled:
    """The runs created for each task, and whether another call would create more."""

    runs: dict[uuid.UUID, list[uuid.UUID]]
    more: bool


def backfill_outage(
    session: Session,
    gap: Gap,
    *,
    team_ids: Sequence[uuid.UUID],
    tasks: Collection[uuid.UUID] | None,
    most: int,
    keep: timedelta,
    now: datetime,
    by: uuid.UUID | None = None,
) -> Backfilled:
    """Run for at most `most` of the gap's missed due times, of these tasks or of all (None).

    By the schedules as they are now. What had its run in between is left out, so that a
    repeated call makes nothing twice.
    """
    connection = session.connection()
    params = {"team_ids": list(team_ids), "from_at": gap.from_at, "to_at": gap.to_at}
    missed = set(connection.execute(WITH_MISSED, params).scalars())
    wanted = missed if tasks is None else missed & set(tasks)
    locked = session.scalars(
        select(Task)
        .where(Task.id.in_(wanted), Task.team_id.in_(team_ids), Task.deleted_at.is_(None))
        .order_by(Task.id)
        .with_for_update(key_share=True)
    ).all()
    runs: dict[uuid.UUID, list[uuid.UUID]] = {}
    left = most
    for task in locked:
        due = _missing(connection, task, gap, since=now - keep)
        if due[:left]:
            runs[task.id] = backfill(connection, task=task, due=due[:left], now=now, by=by)
        if len(due) > left:
            return Backfilled(runs, more=True)
        left -= len(due)
    return Backfilled(runs, more=False)


def _missing(
    connection: Connection, task: Task, gap: Gap, *, since: datetime
) -> tuple[datetime, ...]:
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    params = {"task_id": task.id, "from_at": gap.from_at, "to_at": gap.to_at}
    ranges = [(row.scheduled_for, row.until) for row in connection.execute(MISSED, params)]
    if schedule is None or isinstance(schedule, Unreadable) or not ranges:
        return ()
    missing = find_missing(
        connection,
        task_id=task.id,
        schedule=schedule,
        start=max(ranges[0][0], since),
        end=max(until for _, until in ranges),
        most=MOST_LOOKED_AT,
    )
    return tuple(due for due in missing.due if any(a <= due <= b for a, b in ranges))
