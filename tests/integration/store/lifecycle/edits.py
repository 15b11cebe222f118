"""What tests of edits share: tasks changed as the API does it, at times after noon."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.store.lifecycle.planning.plan import plan
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task, set_enabled
from tests.support.rows import WINDOW, with_reason

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}
HALF_PAST = {"cron": "30 * * * *", "timezone": "UTC"}


def at(minute: int, second: int = 0) -> datetime:
    """A time after noon."""
    return NOON + timedelta(minutes=minute, seconds=second)


def plan_at(engine: Engine, now: datetime) -> int:
    """How many runs a pass of planning inserts then."""
    with engine.begin() as connection:
        return plan(connection, window=WINDOW, batch_size=10, now=now).runs


def alter(engine: Engine, task_id: uuid.UUID, change: Callable[[Session, Task], None]) -> None:
    """Change a task as the API does: locked, in one transaction."""
    with Session(engine) as session, session.begin():
        change(session, session.get_one(Task, task_id, with_for_update=True))


def edit(engine: Engine, task_id: uuid.UUID, *, now: datetime, **values: Any) -> None:
    """Give a task new values."""
    alter(engine, task_id, lambda session, task: change_task(session, task, values, now=now))


def enable(engine: Engine, task_id: uuid.UUID, enabled: bool, *, now: datetime) -> None:
    """Pause or resume a task."""
    alter(
        engine, task_id, lambda session, task: set_enabled(session, task, enabled=enabled, now=now)
    )


def runs(engine: Engine) -> list[Any]:
    """Every run in the order they were made."""
    with engine.connect() as connection:
        statement = text("SELECT * FROM runs ORDER BY id")
        return [with_reason(row) for row in connection.execute(statement)]


def next_due(engine: Engine) -> datetime | None:
    """When the only task is due next."""
    with engine.connect() as connection:
        due: datetime | None = connection.execute(
            text("SELECT next_due_at FROM tasks")
        ).scalar_one()
        return due
