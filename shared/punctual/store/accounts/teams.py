"""Teams: made, listed, changed and deleted; each user has a personal one with the user's id."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.domain.roles import Role, TeamRole
from punctual.domain.runs.states import PENDING, RunState
from punctual.store.schema.models import ConcurrencyLimit, Membership, Run, Task, Team
from punctual.store.schema.models.model import new_id

ROLES_OF_USER = """
(SELECT array_agg(ARRAY[CAST(teams.id AS text), slug, role] ORDER BY NOT personal, slug)
 FROM memberships JOIN teams ON teams.id = team_id WHERE memberships.user_id = users.id)
"""
"""A column of a statement about users: the teams of each, the personal one first."""

MOST_TEAMS = 100
"""Teams that a user may be in, as each request of theirs brings the list along."""
MOST_BY_ADDING = 50
"""Teams of a user from which on owners add the user to no more: the rest is left to the user."""


@dataclass(frozen=True, slots=True)
class OwnTeam:
    """A team, and the role of the user who asks.

    `max_slots` is its own number of slots, `effective_max_slots` how many of its runs may run at
    once; None: any number.
    """

    id: uuid.UUID
    slug: str
    name: str
    personal: bool
    created_at: datetime
    role: Role
    max_slots: int | None
    effective_max_slots: int | None


def make_personal_team(session: Session, user_id: uuid.UUID, username: str) -> Team | None:
    """Return the team of a user who is about to be made; None when the name is taken."""
    return session.scalars(
        insert(Team)
        .values(id=user_id, slug=username, name=username, personal=True)
        .on_conflict_do_nothing()
        .returning(Team)
    ).one_or_none()


def teams_with(session: Session, roles: Sequence[TeamRole]) -> list[OwnTeam]:
    """Return these teams, each with the role in it, in that order."""
    wanted = (
        select(Team, ConcurrencyLimit.max_concurrent)
        .outerjoin(ConcurrencyLimit, ConcurrencyLimit.id == Team.id)
        .where(Team.id.in_([each.team_id for each in roles]))
    )
    teams = {team.id: (team, most) for team, most in session.execute(wanted)}
    return [_own(*teams[each.team_id], each.role) for each in roles if each.team_id in teams]


def team_by_slug(session: Session, slug: str) -> Team | None:
    """Return the team of that slug, in whatever letter case."""
    wanted = select(Team).where(func.lower(Team.slug) == slug.lower())
    return session.scalars(wanted).one_or_none()


def slug_of(session: Session, team_id: uuid.UUID) -> str:
    """Return the slug of a team; an empty one when the team is gone."""
    return session.scalar(select(Team.slug).where(Team.id == team_id)) or ""


def lock_team(session: Session, team_id: uuid.UUID, *, stays: bool = False) -> Team | None:
    """Return the team, locked: its members and its tasks are counted in one request at a time.

    Where it `stays`, tasks can be created and moved there all the same.
    """
    lock: bool | dict[str, bool] = {"key_share": True} if stays else True
    return session.get(Team, team_id, with_for_update=lock, populate_existing=True)


def create_team(session: Session, *, slug: str, name: str, owner_id: uuid.UUID) -> OwnTeam | None:
    """Return a new team with its first owner; None when the slug is taken."""
    team = session.scalars(
        insert(Team)
        .values(id=new_id(), slug=slug, name=name)
        .on_conflict_do_nothing()
        .returning(Team)
    ).one_or_none()
    if team is None:
        return None
    session.add(Membership(team_id=team.id, user_id=owner_id, role=Role.OWNER))
    session.flush()
    [made] = teams_with(session, [TeamRole(team.id, slug, Role.OWNER)])
    return made


def is_slug_taken(session: Session, slug: str, *, by_other_than: uuid.UUID) -> bool:
    """Return whether another team has this slug, in whatever letter case."""
    others = exists().where(func.lower(Team.slug) == slug.lower(), Team.id != by_other_than)
    return bool(session.scalar(select(others)))


def enabled_tasks(session: Session, team_id: uuid.UUID) -> int:
    """Return how many tasks of a team are enabled, or have a run that has not ended."""
    unfinished = exists().where(
        Run.task_id == Task.id, Run.state.in_(sorted([*PENDING, RunState.RUNNING]))
    )
    count = select(func.count()).where(
        Task.team_id == team_id,
        ((Task.deleted_at.is_(None)) & Task.enabled) | unfinished,
    )
    return session.scalars(count).one()


def lock_tasks(session: Session, team_id: uuid.UUID) -> None:
    """Have changes and runs of a team's tasks wait; after `lock_team`, for which new tasks wait.

    Without it, one could be resumed or run after `enabled_tasks` has counted.
    """
    own = select(Task.id).where(Task.team_id == team_id).order_by(Task.id).with_for_update()
    session.execute(select(func.count()).select_from(own.subquery()))


def delete_team(session: Session, team: Team) -> None:
    """Delete a team with all that it owns; check `enabled_tasks` before, under `lock_tasks`."""
    session.delete(team)
    session.flush()


def _own(team: Team, most: int | None, role: Role) -> OwnTeam:
    return OwnTeam(
        team.id,
        team.slug,
        team.name,
        team.personal,
        team.created_at,
        role,
        team.max_slots,
        most,
    )


def read_roles(rows: Sequence[Sequence[str]] | None) -> tuple[TeamRole, ...]:
    """Return what the column ROLES_OF_USER holds."""
    return tuple(_read_role(*row) for row in rows or ())


@lru_cache(maxsize=10_000)
def _read_role(team_id: str, slug: str, role: str) -> TeamRole:
    return TeamRole(uuid.UUID(team_id), slug, Role(role))
