"""Teams in templates: which one a page is about, and what the viewer may do in it."""

from collections.abc import Callable
from typing import Any

from flask import g
from flask_login import current_user

from punctual.domain.roles import Role, TeamRole
from punctual_api.http.context import team_slug


def chosen_team() -> str | None:
    """Return the slug of the team that the page was requested for; None for all teams."""
    slug: str | None = g.get("chosen_team")
    return slug


def may(role: str) -> bool:
    """Return whether the viewer may do what needs this role in the team of the page's object."""
    membership: TeamRole | None = g.get("membership")
    return membership is not None and membership.may(Role(role))


def shows_teams() -> bool:
    """Return whether a list mixes teams, so that each item names its own."""
    return chosen_team() is None and len(current_user.teams) > 1


def teams_to(role: str) -> list[str]:
    """Return the slugs of the viewer's teams in which the role allows as much as this one."""
    return [team.slug for team in current_user.teams if team.may(Role(role))]


def role_choices() -> list[tuple[str, str]]:
    """Return the roles as a form offers them."""
    return [(role.value, role.value) for role in Role]


GLOBALS: tuple[Callable[..., Any], ...] = (
    chosen_team,
    may,
    shows_teams,
    teams_to,
    team_slug,
    role_choices,
)
