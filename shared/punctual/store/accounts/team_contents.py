"""What a team owns and takes along when it is deleted."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from punctual.domain.links import LinkKind
from punctual.store.schema.models import (
    AccessToken,
    AlertChannel,
    AlertRule,
    CalendarRow,
    ConcurrencyLimit,
    Invite,
    Link,
    Secret,
    Task,
)

KINDS = ("task", "calendar", "limit", "secret", "rule", "channel", "badge", "token", "invite")
"""As the audit record names them."""

Row = (
    Task
    | CalendarRow
    | ConcurrencyLimit
    | Secret
    | AlertRule
    | AlertChannel
    | Link
    | AccessToken
    | Invite
)
Owned = tuple[type[Any], Sequence[ColumnElement[bool]]]


def count_owned(session: Session, team_id: uuid.UUID) -> Mapping[str, int]:
    """Return how many of each kind the team owns, by kind; deleted and ended ones do not count."""
    counts = [
        select(func.count()).where(*conditions).scalar_subquery().label(kind)
        for kind in KINDS
        for _, conditions in [_owned(kind, team_id)]
    ]
    return dict(session.execute(select(*counts)).mappings().one())


def owned_ids(session: Session, kind: str, team_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Return the ids of all of a kind that the team owns, oldest first."""
    model, conditions = _owned(kind, team_id)
    return session.scalars(select(model.id).where(*conditions).order_by(model.id)).all()


def owned_rows(session: Session, kind: str, team_id: uuid.UUID) -> Sequence[Row]:
    """Return all of a kind that the team owns, oldest first."""
    model, conditions = _owned(kind, team_id)
    return session.scalars(select(model).where(*conditions).order_by(model.id)).all()


def _owned(kind: str, team_id: uuid.UUID) -> Owned:
    """Return the model of a kind, and which of its rows the team owns."""
    owned: Mapping[str, Owned] = {
        "task": (Task, [Task.team_id == team_id, Task.deleted_at.is_(None)]),
        "calendar": (CalendarRow, [CalendarRow.team_id == team_id]),
        "limit": (
            ConcurrencyLimit,
            [ConcurrencyLimit.team_id == team_id, ConcurrencyLimit.slots.is_(False)],
        ),
        "secret": (Secret, [Secret.team_id == team_id]),
        "rule": (AlertRule, [AlertRule.team_id == team_id]),
        "channel": (AlertChannel, [AlertChannel.team_id == team_id]),
        # Those of tasks go with their tasks, as hooks do.
        "badge": (Link, [Link.team_id == team_id, Link.kind == LinkKind.BADGE]),
        "token": (
            AccessToken,
            [
                AccessToken.team_id == team_id,
                AccessToken.expires_at.is_(None) | (AccessToken.expires_at > func.now()),
            ],
        ),
        "invite": (
            Invite,
            [Invite.team_id == team_id, Invite.used_at.is_(None), Invite.expires_at > func.now()],
        ),
    }
    return owned[kind]
