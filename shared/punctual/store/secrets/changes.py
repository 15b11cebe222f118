"""Secrets of teams: listed, created, replaced and deleted; never opened here."""

import uuid
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.store.schema.models import Secret

MOST_NAMED = 20
"""Tasks that a list names of each secret; one more is read, to know whether there are more."""

# Of each secret a few rows of its part of the index, however many tasks use it.
USERS = text(f"""
SELECT s.id AS secret_id, t.id, t.name
FROM secrets AS s
CROSS JOIN LATERAL (
    SELECT task_id FROM task_secrets AS u
    WHERE u.team_id = s.team_id AND u.name = s.name
    ORDER BY task_id DESC LIMIT {MOST_NAMED + 1}
) AS u
JOIN tasks AS t ON t.id = u.task_id
WHERE s.id = ANY(:ids) ORDER BY s.id, t.id DESC
""")


class TaskName(NamedTuple):
    """A task that uses a secret."""

    id: uuid.UUID
    name: str


def list_secrets(session: Session, *, team_ids: Collection[uuid.UUID]) -> Sequence[Secret]:
    """Return the secrets of these teams by name."""
    wanted = (
        select(Secret).where(Secret.team_id.in_(team_ids)).order_by(Secret.name, Secret.team_id)
    )
    return session.scalars(wanted).all()


def count_secrets(session: Session, *, team_id: uuid.UUID) -> int:
    """Return how many secrets a team has."""
    counted = select(func.count()).where(Secret.team_id == team_id)
    return session.scalars(counted).one()


def find_secret(
    session: Session, name: str, *, team_id: uuid.UUID, lock: bool = False
) -> Secret | None:
    """Return the team's secret of that name; `lock` keeps tasks from being saved with it."""
    statement = select(Secret).where(Secret.team_id == team_id, Secret.name == name)
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def create_secret(
    session: Session,
    *,
    team_id: uuid.UUID,
    name: str,
    sealed: bytes,
    key: str,
    by: uuid.UUID | None,
) -> Secret | None:
    """Save a new secret; None when the team has one of that name."""
    made = (
        insert(Secret)
        .values(team_id=team_id, name=name, sealed=sealed, key=key, updated_by=by)
        .on_conflict_do_nothing()
        .returning(Secret)
    )
    return session.scalars(made).one_or_none()


def replace_secret(
    session: Session,
    *,
    team_id: uuid.UUID,
    name: str,
    sealed: bytes,
    key: str,
    by: uuid.UUID | None,
) -> Secret | None:
    """Give a secret another value, which the next attempt gets; None when there is none."""
    replaced = (
        update(Secret)
        .where(Secret.team_id == team_id, Secret.name == name)
        .values(
            sealed=sealed,
            key=key,
            version=Secret.version + 1,
            updated_at=func.now(),
            updated_by=by,
        )
        .returning(Secret)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return session.scalars(replaced).one_or_none()


def delete_secret(session: Session, secret: Secret) -> None:
    """Delete a secret; a task that names it goes on naming it, and its runs fail."""
    session.execute(
        delete(Secret).where(Secret.id == secret.id).execution_options(synchronize_session=False)
    )


def users_of(
    session: Session, secret_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[TaskName]]:
    """Return tasks that use each secret, newest first: at most MOST_NAMED and one more."""
    found: dict[uuid.UUID, list[TaskName]] = {secret_id: [] for secret_id in secret_ids}
    if secret_ids:
        for row in session.execute(USERS, {"ids": list(secret_ids)}):
            found[row.secret_id].append(TaskName(row.id, row.name))
    return found
