"""Alerts of a team, or of the whole installation, which are for admins alone."""

import uuid
from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from punctual.domain.alerts.channels import INSTALLATION
from punctual.domain.audit.actions import Action
from punctual.store.accounts.audit import Subject
from punctual_api.accounts.access import require_admin
from punctual_api.audit.recorder import Fields, record, record_installation
from punctual_api.http.context import team_id, team_ids, team_slug
from punctual_api.http.fields import Flag

OF_INSTALLATION = "For admins: of the whole installation and of no team, for events of operators"


def installation_field() -> Flag:
    """Return the field of what is created for the installation in place of a team."""
    return Flag(load_default=False, load_only=True, metadata={"description": OF_INSTALLATION})


def installation_query() -> fields.Field[Any]:
    """Return the parameter of a list of what is of the installation."""
    return fields.Boolean(
        load_default=False,
        metadata={"description": "For admins: list what is of the installation instead"},
    )


def chosen_team(*, installation: bool) -> uuid.UUID:
    """Return the team that is meant, which may stand for the installation; raises Problem 403."""
    if not installation:
        return team_id()
    require_admin()
    return INSTALLATION


def chosen_teams(*, installation: bool) -> Sequence[uuid.UUID]:
    """Return the teams that a list is about; raises Problem 403."""
    if not installation:
        return team_ids()
    require_admin()
    return [INSTALLATION]


def slug_of(team: uuid.UUID | None) -> str | None:
    """Return the slug of a team; None for what is of the installation."""
    return None if team is None else team_slug(team)


def record_change(
    kind: str,
    object_id: uuid.UUID,
    name: str | None,
    *,
    team: uuid.UUID | None,
    before: Fields | None = None,
    after: Fields | None = None,
    action: Action | None = None,
) -> None:
    """Record a change of what is of a team, for its owners, or of the installation, for admins."""
    if team is None:
        subject = Subject(kind, object_id, name)
        record_installation(subject, before=before, after=after, action=action)
    else:
        record(kind, object_id, name, before=before, after=after, team=team, action=action)
