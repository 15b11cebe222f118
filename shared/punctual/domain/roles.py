"""The roles that users have in teams."""

import uuid
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a member may do in a team; each role may do all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    EDITOR = "editor"
    OWNER = "owner"


RANK = {role: rank for rank, role in enumerate(Role)}


class TeamRole(NamedTuple):
    """A team that a user is in, and the user's role there."""

    team_id: uuid.UUID
    slug: str
    role: Role

    def may(self, needed: Role) -> bool:
        """Return whether this role includes the one that is needed."""
        return RANK[self.role] >= RANK[needed]


def capped(teams: tuple[TeamRole, ...], most: Role | None) -> tuple[TeamRole, ...]:
    """Return these roles, none above `most`."""
    if most is None:
        return teams
    return tuple(team._replace(role=min(team.role, most, key=RANK.__getitem__)) for team in teams)
