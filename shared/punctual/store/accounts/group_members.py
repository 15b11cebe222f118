"""Memberships that follow a user's groups at the provider of single sign-on.

They have `by_groups`; what people gave by hand does not, and stays whatever the groups are. The
caller has locked the user.
"""

import uuid
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from punctual.domain.roles import Role
from punctual.store.accounts.members import lock_memberships
from punctual.store.accounts.teams import MOST_TEAMS, lock_team
from punctual.store.schema.models import Membership, Team


class NewRole(NamedTuple):
    """The role of a user in a team, before and after; None without a membership."""

    team_id: uuid.UUID
    slug: str
    before: str | None
    after: str | None


class Followed(NamedTuple):
    """What changed, and the slugs of teams that were not there or were too many."""

    roles: list[NewRole]
    missing: list[str]


def follow_groups(session: Session, user_id: uuid.UUID, roles: Mapping[str, Role]) -> Followed:
    """Give a user these roles, by slugs in lower case, and take those of former groups away.

    A team may lose its last owner by that: admins remain.
    """
    teams = _teams(session, roles)
    wanted = {team.id: roles[slug] for slug, team in teams.items()}
    if _differ(found := _memberships(session, user_id), wanted):
        there = {team_id for team_id in sorted({*wanted, *found}) if lock_team(session, team_id)}
        wanted = {team_id: role for team_id, role in wanted.items() if team_id in there}
    found = _memberships(session, user_id)
    done = Followed([], sorted(set(roles) - set(teams)))
    for team_id, membership in found.items():
        before, after = membership.role, wanted.get(team_id)
        if not membership.by_groups or before == after:
            continue
        slug = session.get_one(Team, team_id).slug
        done.roles.append(NewRole(team_id, slug, before, after))
        if after is None:
            session.delete(membership)
        else:
            membership.role = after
    session.flush()
    _join(
        session, user_id, {team: role for team, role in wanted.items() if team not in found}, done
    )
    return done


def _join(
    session: Session, user_id: uuid.UUID, roles: Mapping[uuid.UUID, Role], done: Followed
) -> None:
    room = MOST_TEAMS - lock_memberships(session, user_id)
    for team_id, role in roles.items():
        slug = session.get_one(Team, team_id).slug
        if room <= 0:
            done.missing.append(slug)
            continue
        room -= 1
        done.roles.append(NewRole(team_id, slug, None, role))
        session.add(Membership(team_id=team_id, user_id=user_id, role=role, by_groups=True))
    session.flush()


def _differ(found: Mapping[uuid.UUID, Membership], wanted: Mapping[uuid.UUID, Role]) -> bool:
    managed = {team: each.role for team, each in found.items() if each.by_groups}
    by_hand = {team for team, each in found.items() if not each.by_groups}
    return managed != {team: role for team, role in wanted.items() if team not in by_hand}


def _teams(session: Session, roles: Mapping[str, Role]) -> dict[str, Team]:
    """Return the teams of these slugs; a personal team is its user's own affair."""
    slug = func.lower(Team.slug)
    wanted = select(Team).where(slug.in_(sorted(roles)), Team.personal.is_(False))
    return {team.slug.lower(): team for team in session.scalars(wanted)} if roles else {}


def _memberships(session: Session, user_id: uuid.UUID) -> dict[uuid.UUID, Membership]:
    rows = select(Membership).where(Membership.user_id == user_id)
    fresh = session.scalars(rows.execution_options(populate_existing=True))
    return {row.team_id: row for row in fresh}
