"""Teams: each user has a personal one, with the user's own id, name and slug."""

import uuid
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.domain.access import Role, TeamRole
from punctual.store.schema.models import Team

ROLES_OF_USER = """
(SELECT array_agg(ARRAY[CAST(teams.id AS text), slug, role] ORDER BY NOT personal, slug)
 FROM memberships JOIN teams ON teams.id = team_id WHERE memberships.user_id = users.id)
"""
"""A column of a statement about users: the teams of each, the personal one first."""


def make_personal_team(session: Session, user_id: uuid.UUID, username: str) -> Team | None:
    """Return the team of a user who is about to be made; None when the name is taken."""
    return session.scalars(
        insert(Team)
        .values(id=user_id, slug=username, name=username, personal=True)
        .on_conflict_do_nothing()
        .returning(Team)
    ).one_or_none()


def read_roles(rows: Sequence[Sequence[str]] | None) -> tuple[TeamRole, ...]:
    """Return what the column ROLES_OF_USER holds."""
    return tuple(_read_role(*row) for row in rows or ())


@lru_cache(maxsize=10_000)
def _read_role(team_id: str, slug: str, role: str) -> TeamRole:
    return TeamRole(uuid.UUID(team_id), slug, Role(role))
