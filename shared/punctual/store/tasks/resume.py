"""Resume: resume tasks whose pause expires, in time for what is due right then."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from punctual.store.schema.models import Task
from punctual.store.tasks.changes import set_enabled


def resume_due(
    session: Session, *, window: timedelta, batch_size: int, now: datetime | None = None
) -> list[uuid.UUID]:
    """Resume at most `batch_size` tasks whose pause ends within the window; return their ids.

    Nothing that is due before the end of its pause is planned. Fewer than `batch_size` mean that
    none is left.
    """
    at = now or session.scalars(select(func.now())).one()
    paused = session.scalars(
        select(Task)
        .where(~Task.enabled, Task.deleted_at.is_(None), Task.paused_until <= at + window)
        .order_by(Task.paused_until, Task.id)
        .limit(batch_size)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    for task in paused:
        until = task.paused_until
        if until is None:
            continue
        # What came due since, while no coordinator was there, is left to its `catch_up`.
        ended = min(at, until - timedelta(microseconds=1))
        set_enabled(session, task, enabled=True, now=ended, until=until)
    session.flush()
    return [task.id for task in paused]
