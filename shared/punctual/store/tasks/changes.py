"""Create, change, pause and delete tasks, together with the runs that follow from it."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import next_due, only_time, parse_schedule, read_schedule
from punctual.ops.json_text import as_text
from punctual.store.calendars.changes import require_calendars
from punctual.store.concurrency.usage import mark_limited
from punctual.store.driver import raw_statements
from punctual.store.driver.notify import wake_coordinators
from punctual.store.ledger.entries import LedgerEntry, note
from punctual.store.lifecycle.insert import NewRun, insert_runs
from punctual.store.lifecycle.reschedule import forgive, refresh_pending
from punctual.store.schema.models import Task
from punctual.store.schema.models.model import new_id
from punctual.store.secrets.use import names_used
from punctual.store.tasks.listing import IDLE, ListedTask
from punctual.store.tasks.named import follow_secrets, require_named
from punctual.store.tasks.past_due_times import past_times, split_blocked
from punctual.store.tasks.pauses import note_pause, was_due_once

TaskValues = Mapping[str, Any]
"""A task's columns by name, already checked; `schedule` is the API's document or None."""

SET_LATER = frozenset(
    {
        *("plan_error", "plan_due_at", "plan_retry_at", "plan_failures"),
        *("paused_at", "paused_until", "deleted_at"),
    }
)
"""Columns that a new task leaves to the table's defaults."""

DEFAULTS = {"command": "", "jitter": 0.0, "after": [], "queue": "default", "anomalies": "normal"}
"""The value of a column for which nothing, or null, was sent."""

UNSET = dict.fromkeys(column.key for column in Task.__mapper__.column_attrs)
"""The value of every attribute of a task that an INSERT does not set."""

COLUMNS = ", ".join(
    column.name for column in Task.__table__.columns if column.name not in SET_LATER
)

INSERT = text(f"""
INSERT INTO tasks ({COLUMNS})
SELECT {COLUMNS} FROM jsonb_populate_recordset(CAST(NULL AS tasks), CAST(:tasks AS jsonb))
""")

# A run that has ended is never changed: it stays with the team whose run it was.
MOVE_RUNS = text("""
WITH unfinished AS (
    SELECT id FROM runs WHERE task_id = :task_id
      AND state IN ('scheduled', 'queued', 'claimed', 'running')
    ORDER BY due_at, id FOR UPDATE
)
UPDATE runs SET team_id = :team_id FROM unfinished WHERE runs.id = unfinished.id
""")


def database_now(session: Session) -> datetime:
    """Return the time of this transaction on the database's clock, in UTC."""
    return session.scalars(select(func.now())).one()


def new_task_ids(count: int) -> list[uuid.UUID]:
    """Return new ids in ascending order, so that newest first is also last sent first."""
    return [new_id() for _ in range(count)]


def create_tasks(
    session: Session,
    *,
    team_id: uuid.UUID,
    ids: Sequence[uuid.UUID],
    tasks: Sequence[TaskValues],
    now: datetime,
    by: uuid.UUID | None = None,
) -> datetime | None:
    """Save new tasks under `ids`, all in one statement; return the earliest of their due times.

    Raises InvalidCalendar or InvalidSecret, pointing into the list, for one that is not there.
    """
    require_named(session.connection(), team_id=team_id, tasks=tasks)
    new = _prepared(session.connection(), ids, tasks, team_id=team_id, now=now, by=by)
    _insert(session.connection(), new)
    return new.first


def create_one(
    connection: Connection,
    *,
    team_id: uuid.UUID,
    task_id: uuid.UUID,
    values: TaskValues,
    now: datetime,
    by: uuid.UUID | None = None,
) -> ListedTask:
    """Save a new task; return it without reading it back, as INSERT sets all that is answered.

    Raises InvalidCalendar or InvalidSecret for one that is not there.
    """
    require_named(connection, team_id=team_id, tasks=[values], in_list=False)
    new = _prepared(connection, [task_id], [values], team_id=team_id, now=now, by=by)
    _insert(connection, new)
    row = new.rows[0]
    # No model: SQLAlchemy's bookkeeping for one that is never saved is a tenth of a creation.
    task = SimpleNamespace(**{**UNSET, "meta": row.pop("metadata"), **row})
    status = IDLE if new.first is None else "scheduled"
    return ListedTask(cast("Task", task), status=status, next_run_at=new.first, last_run=None)


class _Prepared(NamedTuple):
    """Rows of tasks, runs and ledger entries of past times, and the earliest due time."""

    rows: list[dict[str, Any]]
    past: list[NewRun]
    blocked: list[LedgerEntry]
    first: datetime | None


def _prepared(
    connection: Connection,
    ids: Sequence[uuid.UUID],
    tasks: Sequence[TaskValues],
    *,
    team_id: uuid.UUID,
    now: datetime,
    by: uuid.UUID | None,
) -> _Prepared:
    first: datetime | None = None
    rows, past, blocked = [], [], []
    for task_id, values in zip(ids, tasks, strict=True):
        schedule = parse_schedule(values["schedule"], anchor=now)
        due = only_time(schedule) or next_due(schedule, after=now)
        most = values.get("max_runs")
        past_runs, noted = split_blocked(
            connection,
            past_times(task_id, schedule, now=now),
            team_id=team_id,
            names=values.get("calendars"),
        )
        past_runs = past_runs[:most]
        past += past_runs
        blocked += noted
        if len(past_runs) == most:
            due = None
        for at in (due, now if past_runs else None):
            if at is not None and (first is None or at < first):
                first = at
        row = DEFAULTS | {name: value for name, value in values.items() if value is not None}
        row |= {"id": task_id, "team_id": team_id, "enabled": True, "version": 1}
        row |= {"schedule_anchor": now, "created_at": now, "updated_at": now}
        row |= {"created_by": by, "updated_by": by, "secrets": names_used(values)}
        rows.append(row | {"next_due_at": due, "planned_runs": len(past_runs)})
    return _Prepared(rows, past, blocked, first)


def _insert(connection: Connection, new: _Prepared) -> None:
    raw_statements.later(connection, "insert_tasks", INSERT, {"tasks": as_text(new.rows)})
    insert_runs(connection, new.past)
    note(connection, new.blocked)


def find_task(
    session: Session,
    task_id: uuid.UUID,
    *,
    team_id: uuid.UUID,
    lock: bool = False,
    deleted: bool = False,
) -> Task | None:
    """Return the team's task, locked if `lock`; `deleted` includes deleted ones."""
    statement = select(Task).where(Task.id == task_id, Task.team_id == team_id)
    if not deleted:
        statement = statement.where(Task.deleted_at.is_(None))
    if lock:
        statement = statement.with_for_update(key_share=True)
    return session.scalars(statement).one_or_none()


def change_task(
    session: Session,
    task: Task,
    values: TaskValues,
    *,
    now: datetime,
    by: uuid.UUID | None = None,
) -> None:
    """Give the task new values, and have its unstarted runs follow; sets its `next_due_at`.

    Another `team_id` takes its unfinished runs along. `by` is the user who asks. A schedule that
    is only sent again stays anchored where it was. Raises InvalidCalendar or InvalidSecret.
    """
    is_moved = values.get("team_id", task.team_id) != task.team_id
    named = values.get("calendars", task.calendars if is_moved else None)
    team_id = values.get("team_id", task.team_id)
    require_calendars(session.connection(), team_id=team_id, names=named)
    recalled = "calendars" in values and values["calendars"] != task.calendars
    recalled |= is_moved and bool(named)
    before = task.next_due_at
    changed = "schedule" in values and values["schedule"] != task.schedule
    limited = "max_runs" in values and values["max_runs"] != task.max_runs
    past: list[NewRun] = []
    if changed:
        new = parse_schedule(values["schedule"], anchor=now)
        old = read_schedule(task.schedule, anchor=now)
        if task.enabled:
            known = None if isinstance(old, Unreadable) else old
            past = past_times(task.id, new, now=now, old=known, left=task.next_due_at)
        task.schedule_anchor = now
        forgive(task)
    for column, value in values.items():
        if column == "command":
            task.command = value or ""
        else:
            setattr(task, "meta" if column == "metadata" else column, value)
    follow_secrets(session.connection(), task, values)
    if is_moved:
        session.connection().execute(MOVE_RUNS, {"task_id": task.id, "team_id": team_id})
    _follow(session, task, now=now, by=by, replan=changed or limited or recalled)
    if recalled and not (changed or limited) and before is not None and not task.plan_error:
        # What an outage left behind is still to be caught up.
        task.next_due_at = min(before, task.next_due_at or before)
    if {"max_concurrent", "queue", "tags", "team_id"} & set(values):
        mark_limited(session.connection(), team_id=task.team_id, task_id=task.id)
    if past:
        _run_past_times(session, task, past)


def set_enabled(
    session: Session,
    task: Task,
    *,
    enabled: bool,
    now: datetime,
    until: datetime | None = None,
    by: uuid.UUID | None = None,
) -> None:
    """Pause or resume a task; due times during the pause are not caught up.

    `until` is when the pause ends by itself, or ended.
    """
    if task.enabled != enabled or (not enabled and task.paused_until != until):
        over = False
        if enabled:
            end = now if until is None else max(now, until - timedelta(microseconds=1))
            note_pause(session.connection(), task, end=end)
            over = was_due_once(task, end=end)
        if enabled or task.enabled:
            task.paused_at = None if enabled else now
        task.enabled = enabled
        task.paused_until = until
        _follow(session, task, now=now, by=by)
        if over:
            task.next_due_at = None
            session.flush()


def delete_task(
    session: Session, task: Task, *, now: datetime, by: uuid.UUID | None = None
) -> None:
    """Hide a task and stop its runs; their history stays readable until it is pruned."""
    task.deleted_at = now
    _follow(session, task, now=now, by=by)


def _run_past_times(session: Session, task: Task, past_runs: list[NewRun]) -> None:
    connection = session.connection()
    past, blocked = split_blocked(connection, past_runs, team_id=task.team_id, names=task.calendars)
    note(connection, blocked)
    room = None if task.max_runs is None else max(task.max_runs - task.planned_runs, 0)
    task.planned_runs += len(insert_runs(connection, past[:room]))
    if task.max_runs is not None and task.planned_runs >= task.max_runs:
        task.next_due_at = None
    wake_coordinators(connection)
    session.flush()


def _follow(
    session: Session,
    task: Task,
    *,
    now: datetime,
    by: uuid.UUID | None,
    replan: bool = True,
) -> None:
    task.version += 1
    task.updated_at = now
    task.updated_by = by or task.updated_by
    session.flush()
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    refresh_pending(session.connection(), task, schedule=schedule, now=now, replan=replan)
    session.flush()
