"""Members of a team: listed, added, given another role and removed.

Changes run under `lock_team`, so that two requests never remove the last two owners at once.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from punctual.domain.roles import Role
from punctual.domain.username import canonical_username
from punctual.store.accounts.logins import lock_user
from punctual.store.schema.models import Membership, Team, User


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a team."""

    user_id: uuid.UUID
    username: str
    role: str
    created_at: datetime
    by_groups: bool


def list_members(session: Session, team_id: uuid.UUID) -> list[Member]:
    """Return a team's members by name."""
    rows = session.execute(_members(team_id).order_by(func.lower(User.username)))
    return [Member(*row) for row in rows]


def find_member(session: Session, team_id: uuid.UUID, username: str) -> Member | None:
    """Return the member of that name, in whatever letter case."""
    name = canonical_username(username)
    if name is None:
        return None
    row = session.execute(_members(team_id).where(func.lower(User.username) == name)).one_or_none()
    return None if row is None else Member(*row)


def lock_memberships(session: Session, user_id: uuid.UUID) -> int:
    """Lock a user, and return in how many teams the user is.

    It is for what adds the user to one more, and comes before any lock of a team.
    """
    lock_user(session, user_id)
    count = select(func.count()).where(Membership.user_id == user_id)
    return session.scalars(count).one()


def add_member(session: Session, team_id: uuid.UUID, user_id: uuid.UUID, role: Role) -> None:
    """Give a user a role in a team that the user is not in."""
    session.add(Membership(team_id=team_id, user_id=user_id, role=role))
    session.flush()


def change_role(session: Session, team_id: uuid.UUID, user_id: uuid.UUID, role: Role) -> None:
    """Give a member another role, which groups of single sign-on do not change any more."""
    membership = session.get_one(Membership, (team_id, user_id))
    membership.role, membership.by_groups = role, False
    session.flush()


def remove_member(session: Session, team_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Remove a member; what the user made stays with the team."""
    session.delete(session.get_one(Membership, (team_id, user_id)))
    session.flush()


def owners(session: Session, team_id: uuid.UUID) -> int:
    """Return how many owners a team has."""
    count = select(func.count()).where(Membership.team_id == team_id, Membership.role == Role.OWNER)
    return session.scalars(count).one()


def owned_alone(session: Session, user_id: uuid.UUID) -> Sequence[str]:
    """Return the slugs of the teams, personal ones aside, that no other enabled user owns."""
    other = aliased(Membership)
    others = (
        exists()
        .where(other.team_id == Team.id, other.role == Role.OWNER, other.user_id != user_id)
        .where(User.id == other.user_id, User.disabled_at.is_(None))
    )
    own = (
        select(Team.slug)
        .join(Membership, Membership.team_id == Team.id)
        .where(Membership.user_id == user_id, Membership.role == Role.OWNER)
    )
    return session.scalars(own.where(~Team.personal, ~others).order_by(Team.slug)).all()


def _members(team_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            User.id,
            User.username,
            Membership.role,
            Membership.created_at,
            Membership.by_groups,
        )
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.team_id == team_id)
    )
