"""Exports: all tasks of a team, as they were saved."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from punctual.store.schema.models import Task


def tasks_to_export(session: Session, *, team_id: uuid.UUID, tag: str | None = None) -> list[Task]:
    """Return the team's tasks, oldest first; with `tag` those that have it."""
    wanted = [Task.team_id == team_id, Task.deleted_at.is_(None)]
    if tag is not None:
        wanted.append(Task.tags.contains([tag]))
    return list(session.scalars(select(Task).where(*wanted).order_by(Task.id)))
