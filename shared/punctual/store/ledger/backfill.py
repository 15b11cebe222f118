"""Backfill: run past due times that never had a start."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from sqlalchemy import Connection, text

from punctual.domain.runs.states import Trigger
from punctual.domain.schedules.syntax import Schedule, due_times
from punctual.store.driver.notify import wake_coordinators
from punctual.store.lifecycle.insert import NewRun, insert_runs
from punctual.store.schema.models import Task

CHUNK = 1000

MOST_LOOKED_AT = 100_000
"""The most due times a call looks at; the next one goes on from there."""

HAD_THEIR_TURN = text("""
SELECT scheduled_for FROM runs
WHERE task_id = :task_id AND scheduled_for = ANY(:times) AND NOT superseded
  AND (trigger = 'backfill' OR trigger = 'schedule' AND (
       attempt > 0 OR state IN ('scheduled', 'queued', 'claimed', 'running')))
""")


@dataclass(frozen=True, slots=True)
class Missing:
    """Due times without a start, ascending; `next_from` when there is more to look at."""

    due: tuple[datetime, ...]
    next_from: datetime | None


def find_missing(
    connection: Connection,
    *,
    task_id: uuid.UUID,
    schedule: Schedule,
    start: datetime,
    end: datetime,
    most: int,
) -> Missing:
    """Return at most `most` due times from `start` to `end`, both included, without a start.

    Without a run, or with one that was missed, skipped or cancelled before it started; what is
    still to start, or was backfilled before, is none.
    """
    coming = due_times(schedule, after=start - timedelta(microseconds=1))
    within = takewhile(lambda due: due <= end, coming)
    found: list[datetime] = []
    looked_at = 0
    while chunk := list(islice(within, CHUNK)):
        params = {"task_id": task_id, "times": chunk}
        started = set(connection.execute(HAD_THEIR_TURN, params).scalars())
        found += [due for due in chunk if due not in started]
        looked_at += len(chunk)
        if len(found) > most:
            return Missing(tuple(found[:most]), next_from=found[most])
        if looked_at >= MOST_LOOKED_AT:
            return Missing(tuple(found), next_from=next(within, None))
    return Missing(tuple(found), next_from=None)


def backfill(
    connection: Connection,
    *,
    task: Task,
    due: tuple[datetime, ...],
    now: datetime,
    by: uuid.UUID | None = None,
) -> list[uuid.UUID]:
    """Run for these due times, due at once, earliest first; also when the task is paused."""
    runs = [
        NewRun(task.id, at, due_at=now, trigger=Trigger.BACKFILL, triggered_by=by) for at in due
    ]
    inserted = set(insert_runs(connection, runs))
    if inserted:
        wake_coordinators(connection)
    return [run.id for run in runs if run.id in inserted]
