"""Zone changes: recompute due times when the rules of their time zone have changed.

`zone_rules` keeps, for each time zone in use, a fingerprint of the rules that the stored due times
were worked out by.
"""

import uuid
from datetime import datetime

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from punctual.domain.errors import Unreadable
from punctual.domain.runs.reasons import ReasonCode
from punctual.domain.runs.states import Trigger
from punctual.domain.schedules.moved import moved_due
from punctual.domain.schedules.syntax import Schedule, is_due, only_time, read_schedule
from punctual.store.calendars.changes import follow_calendar
from punctual.store.lifecycle.planning.retry import unexpected_error
from punctual.store.lifecycle.reschedule import UNSTARTED, set_aside, withdraw
from punctual.store.schema.models import CalendarRow, Task

BATCH = 500

IN_USE = text("""
SELECT zone FROM (
    SELECT one ->> 'timezone' AS zone
    FROM tasks CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(schedule) WHEN 'array' THEN schedule
             WHEN 'object' THEN jsonb_build_array(schedule) ELSE '[]' END) AS one
    WHERE deleted_at IS NULL AND jsonb_typeof(one) = 'object'
    UNION
    SELECT timezone FROM calendars
) AS used WHERE zone IS NOT NULL AND zone <> 'UTC'
""")

KNOWN = text("SELECT zone, fingerprint FROM zone_rules")

KEEP = text("""
INSERT INTO zone_rules (zone, fingerprint) VALUES (:zone, :fingerprint)
ON CONFLICT (zone) DO UPDATE SET fingerprint = excluded.fingerprint, since = now()
""")

HAD_A_RUN = text("""
SELECT max(scheduled_for) FROM runs
WHERE task_id = :task_id AND trigger = 'schedule' AND NOT superseded
""")


def zones_in_use(connection: Connection) -> list[str]:
    """Return the time zones of all tasks and calendars, in order; a walk through all tasks."""
    return sorted(connection.execute(IN_USE).scalars())


def known_rules(connection: Connection) -> dict[str, str]:
    """Return the fingerprint of the rules that stored due times follow, by zone."""
    return {row.zone: row.fingerprint for row in connection.execute(KNOWN)}


def keep_rules(connection: Connection, *, zone: str, fingerprint: str) -> None:
    """Note the rules that the due times of a zone follow from now on."""
    connection.execute(KEEP, {"zone": zone, "fingerprint": fingerprint})


def move_tasks(session: Session, *, zone: str, after: uuid.UUID | None = None) -> list[uuid.UUID]:
    """Recompute the due times of up to BATCH tasks of a zone; return which were checked.

    What was planned and has not started is withdrawn when it is not due any more, and planned
    again at its new time. Go on `after` the last one until none is left.
    """
    document = {"timezone": zone}
    wanted = select(Task).where(
        Task.deleted_at.is_(None),
        Task.enabled,
        Task.schedule.contains(document) | Task.schedule.contains([document]),
    )
    if after is not None:
        wanted = wanted.where(Task.id > after)
    tasks = session.scalars(
        wanted.order_by(Task.id).limit(BATCH).with_for_update(key_share=True)
    ).all()
    for task in tasks:
        schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
        if schedule is None or isinstance(schedule, Unreadable) or only_time(schedule) is not None:
            continue
        try:
            _move(session.connection(), task, schedule)
        except (ArithmeticError, ValueError) as failure:  # one task stops no others
            set_aside(
                task, error=unexpected_error(failure), now=task.next_due_at or task.updated_at
            )
    session.flush()
    return [task.id for task in tasks]


def follow_calendars(session: Session, *, zone: str) -> None:
    """Have what is planned follow the calendars of a zone."""
    used = session.scalars(
        select(CalendarRow).where(CalendarRow.timezone == zone).order_by(CalendarRow.id)
    ).all()
    for calendar in used:
        follow_calendar(session.connection(), team_id=calendar.team_id, name=calendar.name)


def _move(connection: Connection, task: Task, schedule: Schedule) -> None:
    params = {"task_id": task.id, "triggers": [Trigger.SCHEDULE]}
    unstarted = connection.execute(UNSTARTED, params).all()
    gone = [row for row in unstarted if not is_due(schedule, row.scheduled_for)]
    withdraw(connection, task, gone, ReasonCode.ZONE_RULES)
    stored = [row.scheduled_for for row in gone]
    if task.next_due_at is not None:
        stored.append(task.next_due_at)
    if not stored:
        return
    had: datetime | None = connection.execute(HAD_A_RUN, {"task_id": task.id}).scalar_one()
    since = max(had or task.schedule_anchor, task.schedule_anchor)
    moved = [moved_due(schedule, at, since=since) for at in stored]
    task.next_due_at = min((at for at in moved if at is not None), default=None)
