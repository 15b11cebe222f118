"""Calendars: saved for a team, named by tasks, and applied to planned runs."""

import json
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from punctual.domain.calendars.calendar import (
    Calendar,
    StoredCalendars,
    blocking_calendar,
    readable_calendars,
)
from punctual.domain.calendars.syntax import read_calendar
from punctual.domain.errors import InvalidCalendar, Unreadable
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.domain.schedules.syntax import is_due, read_schedule
from punctual.store.driver.notify import wake_coordinators
from punctual.store.ledger.entries import LedgerEntry, note
from punctual.store.schema.models import CalendarRow

NAMED = text("""
SELECT c.team_id, c.name, c.timezone, c.days, c.windows
FROM unnest(CAST(:teams AS uuid[]), CAST(:names AS text[])) AS wanted (team_id, name)
JOIN calendars AS c ON c.team_id = wanted.team_id AND c.name = wanted.name
""")

# Locked against being renamed or deleted until the task that names them is saved.
KNOWN = text("""
SELECT name FROM calendars WHERE team_id = :team_id AND name = ANY(:names)
ORDER BY name FOR KEY SHARE
""")

RENAME = text("""
UPDATE tasks SET calendars = array_replace(calendars, :old, :new)
WHERE team_id = :team_id AND :old = ANY(calendars)
""")

USERS = text("""
SELECT id, schedule, schedule_anchor, calendars FROM tasks
WHERE team_id = :team_id AND deleted_at IS NULL AND :name = ANY(calendars)
ORDER BY id FOR NO KEY UPDATE
""")

UNSTARTED = text("""
SELECT id, task_id, scheduled_for FROM runs
WHERE task_id = ANY(:tasks) AND trigger = 'schedule' AND attempt = 0
  AND state IN ('scheduled', 'queued', 'claimed')
ORDER BY due_at, id FOR UPDATE
""")

WITHDRAW = text("""
UPDATE runs SET state = 'cancelled', superseded = true, fence = fence + 1, finished_at = now(),
                reason = NULL, reason_code = 'calendar', reason_args = w.args
FROM jsonb_to_recordset(CAST(:withdrawn AS jsonb)) AS w (id uuid, args jsonb)
WHERE runs.id = w.id
""")

UNCOUNT = text("""
UPDATE tasks SET planned_runs = greatest(planned_runs - u.runs, 0)
FROM jsonb_to_recordset(CAST(:counts AS jsonb)) AS u (id uuid, runs integer)
WHERE tasks.id = u.id
""")

BLOCKED_DUE_TIMES = text("""
SELECT task_id, scheduled_for FROM ledger
WHERE task_id = ANY(:tasks) AND reason = 'held' AND scheduled_for > now()
ORDER BY scheduled_for
""")

RETRY_PLANNING = text("""
UPDATE tasks SET plan_retry_at = now() WHERE id = ANY(:tasks) AND plan_retry_at IS NOT NULL
""")

GO_BACK = text("""
UPDATE tasks SET next_due_at = least(next_due_at, b.due)
FROM jsonb_to_recordset(CAST(:back AS jsonb)) AS b (id uuid, due timestamptz)
WHERE tasks.id = b.id AND enabled AND (max_runs IS NULL OR planned_runs < max_runs)
""")


def calendars_named(
    connection: Connection, wanted: Collection[tuple[uuid.UUID, str]]
) -> dict[uuid.UUID, dict[str, Calendar | Unreadable]]:
    """Return the wanted calendars, each a (team, name), by team and name.

    One that cannot be read is answered as Unreadable, so that it concerns nothing but the tasks
    that name it.
    """
    found: dict[uuid.UUID, dict[str, Calendar | Unreadable]] = {}
    if not wanted:
        return found
    params = {"teams": [team for team, _ in wanted], "names": [name for _, name in wanted]}
    for row in connection.execute(NAMED, params):
        found.setdefault(row.team_id, {})[row.name] = read_calendar(
            row.name, timezone=row.timezone, days=row.days, windows=row.windows
        )
    return found


def own_calendars_named(
    connection: Connection, team_id: uuid.UUID, names: Iterable[str] | None
) -> StoredCalendars:
    """Return those of a team's calendars that have these names, by name."""
    wanted = {(team_id, name) for name in names or ()}
    return calendars_named(connection, wanted).get(team_id, {})


def require_calendars(
    connection: Connection, *, team_id: uuid.UUID, names: Sequence[str] | None, pointer: str = ""
) -> None:
    """Raise InvalidCalendar, pointing below `pointer`, for a name that no calendar has."""
    if not names:
        return
    params = {"team_id": team_id, "names": list(names)}
    known = set(connection.execute(KNOWN, params).scalars())
    for place, name in enumerate(names):
        if name not in known:
            raise InvalidCalendar(f"{pointer}/calendars/{place}", "There is no such calendar.")


def list_calendars(session: Session, *, team_ids: Sequence[uuid.UUID]) -> list[CalendarRow]:
    """Return the calendars of these teams by name."""
    wanted = select(CalendarRow).where(CalendarRow.team_id.in_(team_ids))
    return list(session.scalars(wanted.order_by(CalendarRow.name, CalendarRow.id)))


def find_calendar(
    session: Session, calendar_id: uuid.UUID, *, team_id: uuid.UUID, lock: bool = False
) -> CalendarRow | None:
    """Return the team's calendar, or None."""
    wanted = select(CalendarRow).where(
        CalendarRow.id == calendar_id, CalendarRow.team_id == team_id
    )
    return session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def change_calendar(
    session: Session, row: CalendarRow, values: Mapping[str, Any], *, now: datetime
) -> None:
    """Give a calendar new values, and apply them to the tasks that name it."""
    old = row.name
    for column, value in values.items():
        setattr(row, column, value)
    row.version += 1
    row.updated_at = now
    session.flush()
    connection = session.connection()
    if row.name != old:
        connection.execute(RENAME, {"team_id": row.team_id, "old": old, "new": row.name})
    follow_calendar(connection, team_id=row.team_id, name=row.name)


def used_by(session: Session, row: CalendarRow) -> int:
    """Return how many tasks name a calendar."""
    params = {"team_id": row.team_id, "name": row.name}
    return len(session.connection().execute(USERS, params).all())


def block_runs(
    connection: Connection, runs: Iterable[tuple[uuid.UUID, uuid.UUID, datetime, str]]
) -> None:
    """Withdraw runs, and note why: (run, task, due time, name of the calendar) for each."""
    blocked = list(runs)
    if not blocked:
        return
    withdrawn = [{"id": str(run), "args": blocked_by(name).args} for run, _, _, name in blocked]
    connection.execute(WITHDRAW, {"withdrawn": json.dumps(withdrawn)})
    entries = [
        LedgerEntry(task, due, Reason.BLOCKED, blocked_by(name)) for _, task, due, name in blocked
    ]
    note(connection, entries)


def blocked_by(calendar: str) -> CodedReason:
    """Return the reason of a due time that the calendar of this name blocks."""
    return coded(ReasonCode.CALENDAR, calendar=calendar)


def follow_calendar(connection: Connection, *, team_id: uuid.UUID, name: str) -> None:
    """Withdraw runs that a calendar blocks now, and plan due times that it no longer blocks."""
    tasks = connection.execute(USERS, {"team_id": team_id, "name": name}).all()
    if not tasks:
        return
    names = {each for task in tasks for each in task.calendars}
    own = own_calendars_named(connection, team_id, names)
    readable = {task.id: readable_calendars(own, task.calendars) for task in tasks}
    # What a calendar that cannot be read blocks is not known: its tasks stay as they are.
    calendars = {key: some for key, some in readable.items() if not isinstance(some, Unreadable)}
    params = {"tasks": list(calendars)}
    blocked = [
        (run.id, run.task_id, run.scheduled_for, calendar)
        for run in connection.execute(UNSTARTED, params).all()
        if (calendar := blocking_calendar(calendars[run.task_id], run.scheduled_for)) is not None
    ]
    block_runs(connection, blocked)
    counts = Counter(task_id for _, task_id, _, _ in blocked)
    if counts:
        counted = [{"id": str(task_id), "runs": runs} for task_id, runs in counts.items()]
        connection.execute(UNCOUNT, {"counts": json.dumps(counted)})
    schedules = {task.id: task for task in tasks}
    back: dict[str, str] = {}
    for row in connection.execute(BLOCKED_DUE_TIMES, params):
        task = schedules[row.task_id]
        schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
        if schedule is None or isinstance(schedule, Unreadable):
            continue
        if is_due(schedule, row.scheduled_for):
            back.setdefault(str(row.task_id), row.scheduled_for.isoformat())
    connection.execute(RETRY_PLANNING, {"tasks": [task.id for task in tasks]})
    rows = [{"id": task_id, "due": due} for task_id, due in back.items()]
    connection.execute(GO_BACK, {"back": json.dumps(rows)})
    wake_coordinators(connection)
