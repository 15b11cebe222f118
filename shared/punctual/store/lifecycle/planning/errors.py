"""Plan errors: set aside a task whose runs the database refuses, so that others are planned."""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.store.lifecycle.planning.retry import Failure, set_aside_all

DUE_TASKS = text("""
SELECT id, next_due_at FROM tasks
WHERE enabled AND deleted_at IS NULL AND next_due_at <= coalesce(:now, now()) + :window
ORDER BY next_due_at, id LIMIT :limit
""")


class DueTask(NamedTuple):
    """A task that is to be planned, and the due time to begin with."""

    task_id: uuid.UUID
    next_due_at: datetime


def due_tasks(
    connection: Connection, *, window: timedelta, batch_size: int, now: datetime | None = None
) -> list[DueTask]:
    """Return the tasks that a batch of planning would begin with, without locking them."""
    params = {"window": window, "limit": batch_size, "now": now}
    return [DueTask(*row) for row in connection.execute(DUE_TASKS, params)]


def refuse(
    connection: Connection, *, task: DueTask, error: str, now: datetime | None = None
) -> None:
    """Plan this task no further for a while; it shows `error` as plan_error."""
    set_aside_all(connection, [Failure(task.task_id, task.next_due_at, error)], now=now)
