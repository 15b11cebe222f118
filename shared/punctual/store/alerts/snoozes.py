"""Snoozes of tasks: set and ended by users and links."""

import uuid
from datetime import datetime

from sqlalchemy import func, or_
from sqlalchemy.orm import Session

from punctual.domain.alerts.snooze import Snooze
from punctual.store.schema.models import TaskSnooze

IN_FORCE = or_(TaskSnooze.until_ok, TaskSnooze.until > func.now())


def snooze_task(
    session: Session, task_id: uuid.UUID, snooze: Snooze, *, by: uuid.UUID | None, now: datetime
) -> None:
    """Snooze a task, in place of a snooze that it has; lock the task before."""
    row = session.get(TaskSnooze, task_id)
    if row is None:
        row = TaskSnooze(task_id=task_id)
        session.add(row)
    row.until, row.until_ok, row.by, row.at = snooze.until, snooze.until_ok, by, now
    session.flush()


def end_snooze(session: Session, task_id: uuid.UUID) -> None:
    """End the snooze of a task, if it has one; lock the task before."""
    row = session.get(TaskSnooze, task_id)
    if row is not None:
        session.delete(row)
        session.flush()


def find_snooze(session: Session, task_id: uuid.UUID, *, now: datetime) -> Snooze | None:
    """Return the snooze of a task that is in force; None without one."""
    found = session.get(TaskSnooze, task_id, populate_existing=True)
    if found is None or (found.until is not None and found.until <= now):
        return None
    return Snooze(found.until)
