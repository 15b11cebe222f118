"""Plan retries: set aside tasks that cannot be planned, and retry them with a backoff."""

import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, text
from sqlalchemy.orm import Session

from punctual.domain.alerts.events import EventKind
from punctual.domain.calendars.calendar import readable_calendars
from punctual.domain.errors import Unreadable
from punctual.domain.instant import format_instant
from punctual.domain.schedules.syntax import next_due, read_schedule
from punctual.store.alerts.events import NewEvent, record
from punctual.store.calendars.changes import calendars_named
from punctual.store.lifecycle.reschedule import forgive
from punctual.store.schema.models import Task

LONGEST_ERROR = 500

# The first retry comes after a minute, the following ones after twice the time each, at most an
# hour: a zone that is back is noticed soon, and a thousand broken tasks cost next to nothing.
BACKOFF = "least(3600, 60 * power(2, least(tasks.plan_failures, 10))) * interval '1 second'"

SET_ASIDE = text(f"""
UPDATE tasks SET plan_error = f.error, plan_due_at = f.due_at, next_due_at = NULL,
    plan_failures = least(tasks.plan_failures + 1, 100),
    plan_retry_at = coalesce(:now, now()) + {BACKOFF}
FROM jsonb_to_recordset(CAST(:failures AS jsonb)) AS f (id uuid, due_at timestamptz, error text)
WHERE tasks.id = f.id AND tasks.next_due_at = f.due_at
RETURNING tasks.id, tasks.team_id, tasks.plan_error, tasks.plan_due_at, tasks.plan_failures
""")

PUT_OFF = text(f"""
UPDATE tasks SET plan_failures = least(plan_failures + 1, 100),
    plan_retry_at = coalesce(:now, now()) + {BACKOFF}
WHERE id = ANY(:ids)
""")


class Failure(NamedTuple):
    """A task that could not be planned from this due time on, and why."""

    task_id: uuid.UUID
    due_at: datetime
    error: str


def unexpected_error(failure: Exception) -> str:
    """Return `plan_error` for a failure that no rule expects."""
    return f"{type(failure).__name__}: {failure}"


def set_aside_all(
    connection: Connection, failures: Sequence[Failure], *, now: datetime | None = None
) -> None:
    """Stop planning these tasks until their retry; they show the error as `plan_error`."""
    if not failures:
        return
    rows = [
        {
            "id": str(failed.task_id),
            "due_at": failed.due_at.isoformat(),
            "error": failed.error.replace("\0", "")[:LONGEST_ERROR],
        }
        for failed in failures
    ]
    aside = connection.execute(SET_ASIDE, {"failures": json.dumps(rows), "now": now}).all()
    record(connection, [_event(row) for row in aside])


def _event(row: Row[Any]) -> NewEvent:
    details = {
        "in_row": row.plan_failures,
        "since": format_instant(row.plan_due_at),
        "error": row.plan_error,
    }
    return NewEvent(EventKind.PLAN_ERROR, row.team_id, row.id, details=details)


def retry_unplannable(session: Session, *, batch_size: int, now: datetime | None = None) -> int:
    """Retry up to `batch_size` tasks whose backoff is over; return how many can be planned.

    What came due since is left to their `catch_up`. The others wait for their next turn.
    """
    at = now or session.scalars(select(func.now())).one()
    tasks = session.scalars(
        select(Task)
        .where(Task.plan_retry_at <= at, Task.enabled, Task.deleted_at.is_(None))
        .order_by(Task.plan_retry_at, Task.id)
        .limit(batch_size)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    connection = session.connection()
    wanted = {(task.team_id, name) for task in tasks for name in task.calendars or ()}
    calendars = calendars_named(connection, wanted)
    waiting: list[uuid.UUID] = []
    for task in tasks:
        schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
        own = readable_calendars(calendars.get(task.team_id, {}), task.calendars)
        if isinstance(schedule, Unreadable) or isinstance(own, Unreadable):
            waiting.append(task.id)
            continue
        due_at, failures = task.plan_due_at, task.plan_failures
        forgive(task)
        task.plan_failures = failures  # until it was planned: what failed may fail again
        task.next_due_at = due_at or next_due(schedule, after=at)
    session.flush()
    if waiting:
        connection.execute(PUT_OFF, {"ids": waiting, "now": at})
    return len(tasks) - len(waiting)
