"""Exports: all tasks of an owner at once, as they were saved."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from punctual.store.schema.models import Task


def tasks_to_export(session: Session, *, owner_id: uuid.UUID, tag: str | None = None) -> list[Task]:
    """Return the owner's tasks, oldest first; with `tag` those that have it."""
    wanted = [Task.owner_id == owner_id, Task.deleted_at.is_(None)]
    if tag is not None:
        wanted.append(Task.tags.contains([tag]))
    return list(session.scalars(select(Task).where(*wanted).order_by(Task.id)))
