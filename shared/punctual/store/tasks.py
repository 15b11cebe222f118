"""Tasks: saved, changed, paused and deleted, each together with the runs that follow from them."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from punctual.domain.schedule import next_due, only_time, parse_schedule
from punctual.store.insert import NewRun, insert_runs
from punctual.store.models import Task
from punctual.store.models.model import new_id
from punctual.store.past import passed_times
from punctual.store.supersede import refresh_pending
from punctual.store.wake import wake_coordinators

TaskValues = Mapping[str, Any]
"""A task's columns by name, already checked; `schedule` is the API's document or None."""

INSERT = text("""
INSERT INTO tasks (id, owner_id, name, command, schedule, schedule_anchor, next_due_at,
                   max_retries, retry_delay, retry_delay_max, timeout, env, working_dir, tags,
                   metadata, overlap, catch_up, start_deadline, priority)
SELECT id, :owner_id, name, command, schedule, :now, next_due_at,
       max_retries, retry_delay, retry_delay_max, timeout, env, working_dir, tags,
       metadata, overlap, catch_up, start_deadline, priority
FROM jsonb_to_recordset(CAST(:tasks AS jsonb)) AS new (
    id uuid, name text, command text, schedule jsonb, next_due_at timestamptz,
    max_retries smallint, retry_delay float, retry_delay_max float, timeout float, env jsonb,
    working_dir text, tags text[], metadata jsonb, overlap text, catch_up text,
    start_deadline float, priority smallint)
""")


def database_now(session: Session) -> datetime:
    """The time of this transaction on the database's clock, in UTC: the one all services share."""
    return session.scalars(select(func.now())).one()


def new_task_ids(count: int) -> list[uuid.UUID]:
    """Fresh ids in ascending order, so that newest first is also last sent first."""
    return [new_id() for _ in range(count)]


def create_tasks(
    session: Session,
    *,
    owner_id: uuid.UUID,
    ids: Sequence[uuid.UUID],
    tasks: Sequence[TaskValues],
    now: datetime,
) -> datetime | None:
    """Save new tasks under `ids`, all in one statement; answers the earliest of their due times."""
    first: datetime | None = None
    rows, past = [], []
    for task_id, values in zip(ids, tasks, strict=True):
        schedule = parse_schedule(values["schedule"], anchor=now)
        due = only_time(schedule) or next_due(schedule, after=now)
        passed = passed_times(task_id, schedule, now=now)
        past += passed
        for at in (due, now if passed else None):
            if at is not None and (first is None or at < first):
                first = at
        rows.append({**values, "id": str(task_id), "next_due_at": due and due.isoformat()})
    session.execute(INSERT, {"owner_id": owner_id, "now": now, "tasks": json.dumps(rows)})
    insert_runs(session.connection(), past)
    return first


def find_task(
    session: Session,
    task_id: uuid.UUID,
    *,
    owner_id: uuid.UUID,
    lock: bool = False,
    deleted: bool = False,
) -> Task | None:
    """That owner's task, locked against other changes when asked; `deleted` finds those as well."""
    statement = select(Task).where(Task.id == task_id, Task.owner_id == owner_id)
    if not deleted:
        statement = statement.where(Task.deleted_at.is_(None))
    if lock:
        statement = statement.with_for_update()
    return session.scalars(statement).one_or_none()


def change_task(session: Session, task: Task, values: TaskValues, *, now: datetime) -> None:
    """Give the task new values, and have its unstarted runs follow; sets its `next_due_at`.

    A schedule that is only sent again stays anchored where it was.
    """
    changed = "schedule" in values and values["schedule"] != task.schedule
    past: list[NewRun] = []
    if changed:
        new, old = (
            parse_schedule(document, anchor=now) for document in (values["schedule"], task.schedule)
        )
        if task.enabled:
            past = passed_times(task.id, new, now=now, old=old, left=task.next_due_at)
        task.schedule_anchor = now
        task.plan_error = None
    for column, value in values.items():
        setattr(task, "meta" if column == "metadata" else column, value)
    _follow(session, task, now=now, replan=changed)
    if insert_runs(session.connection(), past):
        wake_coordinators(session.connection())


def set_enabled(session: Session, task: Task, *, enabled: bool, now: datetime) -> None:
    """Pause a task or let it run on; what came due while it was paused is not caught up."""
    if task.enabled != enabled:
        task.enabled = enabled
        _follow(session, task, now=now)


def delete_task(session: Session, task: Task, *, now: datetime) -> None:
    """Hide a task and stop its runs; their history stays readable until it is pruned."""
    task.deleted_at = now
    _follow(session, task, now=now)


def _follow(session: Session, task: Task, *, now: datetime, replan: bool = True) -> None:
    task.version += 1
    task.updated_at = now
    session.flush()
    schedule = parse_schedule(task.schedule, anchor=task.schedule_anchor)
    refresh_pending(session.connection(), task, schedule=schedule, now=now, replan=replan)
    session.flush()
