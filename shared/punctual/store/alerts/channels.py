"""Channels: listed, created, changed and deleted; what is sealed in them is never opened here."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from punctual.domain.alerts.channels import INSTALLATION
from punctual.store.schema.models import AlertChannel

SEALED_WITH = text("""
SELECT DISTINCT key FROM alert_channels WHERE key IS NOT NULL
""")


def of_teams(
    column: InstrumentedAttribute[uuid.UUID | None], team_ids: Collection[uuid.UUID]
) -> ColumnElement[bool]:
    """Return the condition that a row is of one of these teams, or of the installation."""
    own = column.in_([team_id for team_id in team_ids if team_id != INSTALLATION])
    return or_(own, column.is_(None)) if INSTALLATION in team_ids else own


def stored_team(team_id: uuid.UUID) -> uuid.UUID | None:
    """Return a team as rows have it: none for what is of the installation."""
    return None if team_id == INSTALLATION else team_id


def list_channels(session: Session, *, team_ids: Collection[uuid.UUID]) -> Sequence[AlertChannel]:
    """Return the channels of these teams by name."""
    wanted = select(AlertChannel).where(of_teams(AlertChannel.team_id, team_ids))
    return session.scalars(wanted.order_by(AlertChannel.name, AlertChannel.id)).all()


def count_channels(session: Session, *, team_id: uuid.UUID) -> int:
    """Return how many channels a team has."""
    counted = select(func.count()).where(of_teams(AlertChannel.team_id, [team_id]))
    return session.scalars(counted).one()


def find_channel(
    session: Session, channel_id: uuid.UUID, *, team_id: uuid.UUID, lock: bool = False
) -> AlertChannel | None:
    """Return a channel of the team; `lock` keeps rules from being made for it."""
    statement = select(AlertChannel).where(
        AlertChannel.id == channel_id, of_teams(AlertChannel.team_id, [team_id])
    )
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def known_channels(
    session: Session, channel_ids: Collection[uuid.UUID], *, team_id: uuid.UUID
) -> set[uuid.UUID]:
    """Return which of these channels the team has, locked against being deleted."""
    wanted = (
        select(AlertChannel.id)
        .where(AlertChannel.id.in_(channel_ids), of_teams(AlertChannel.team_id, [team_id]))
        .order_by(AlertChannel.id)
        .with_for_update(read=True, key_share=True)
    )
    return set(session.scalars(wanted))


def create_channel(session: Session, values: Mapping[str, Any]) -> AlertChannel | None:
    """Save a new channel; None when the team has one of that name."""
    made = insert(AlertChannel).values(**values).on_conflict_do_nothing().returning(AlertChannel)
    return session.scalars(made).one_or_none()


def change_channel(session: Session, channel: AlertChannel, values: Mapping[str, Any]) -> None:
    """Give a channel other values; raises IntegrityError for a name that is taken."""
    changed = (
        update(AlertChannel)
        .where(AlertChannel.id == channel.id)
        .values(**values, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.execute(changed)
    session.refresh(channel)


def delete_channel(session: Session, channel: AlertChannel) -> None:
    """Delete a channel with its rules and messages."""
    session.execute(
        delete(AlertChannel)
        .where(AlertChannel.id == channel.id)
        .execution_options(synchronize_session=False)
    )
