"""Edges between the tasks of one team: which runs after which."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from punctual.domain.runs.after import stored_edges
from punctual.store.concurrency.admit import lock_number
from punctual.store.schema.models import Task

LOCK = text("SELECT pg_advisory_xact_lock(:key)")


def lock_edges(session: Session, *, team_id: uuid.UUID) -> None:
    """Lock the edges between this team's tasks against other changes.

    Two edits at once could each be fine and make a circle together.
    """
    session.execute(LOCK, {"key": lock_number(f"edges {team_id}")})


def edges_of(session: Session, *, team_id: uuid.UUID) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Return the upstream tasks of each of the team's tasks that has any."""
    statement = select(Task.id, Task.after).where(
        Task.team_id == team_id, Task.deleted_at.is_(None), Task.after != text("'[]'")
    )
    return {
        task_id: [upstream for upstream, _ in stored_edges(after)]
        for task_id, after in session.execute(statement)
    }


def names_of(
    session: Session, task_ids: Collection[uuid.UUID], *, team_id: uuid.UUID
) -> dict[uuid.UUID, str]:
    """Return the names of those of the tasks that are the team's and not deleted."""
    statement = select(Task.id, Task.name).where(
        Task.id.in_(task_ids), Task.team_id == team_id, Task.deleted_at.is_(None)
    )
    return {row.id: row.name for row in session.execute(statement)}


def downstream_of(session: Session, task_id: uuid.UUID, *, team_id: uuid.UUID) -> Sequence[Task]:
    """Return the team's tasks that run after this one, oldest first."""
    statement = select(Task).where(
        Task.after != text("'[]'"),
        Task.after.contains([{"task": str(task_id)}]),
        Task.team_id == team_id,
        Task.deleted_at.is_(None),
    )
    return session.scalars(statement.order_by(Task.id)).all()
