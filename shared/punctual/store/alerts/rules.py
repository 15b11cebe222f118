"""Rules: which events go to which channel."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from punctual.store.alerts.channels import of_teams
from punctual.store.schema.models import AlertRule, Task


def list_rules(session: Session, *, team_ids: Collection[uuid.UUID]) -> Sequence[AlertRule]:
    """Return the rules of these teams, oldest first."""
    wanted = select(AlertRule).where(of_teams(AlertRule.team_id, team_ids))
    return session.scalars(wanted.order_by(AlertRule.id)).all()


def count_rules(session: Session, *, team_id: uuid.UUID) -> int:
    """Return how many rules a team has."""
    counted = select(func.count()).where(of_teams(AlertRule.team_id, [team_id]))
    return session.scalars(counted).one()


def rules_of_channel(session: Session, channel_id: uuid.UUID) -> Sequence[AlertRule]:
    """Return the rules that send to a channel, also those that only escalate there."""
    wanted = select(AlertRule).where(
        or_(AlertRule.channel_id == channel_id, AlertRule.escalate_to == channel_id)
    )
    return session.scalars(wanted.order_by(AlertRule.id)).all()


def find_rule(session: Session, rule_id: uuid.UUID, *, team_id: uuid.UUID) -> AlertRule | None:
    """Return a rule of the team, locked for a change."""
    wanted = select(AlertRule).where(
        AlertRule.id == rule_id, of_teams(AlertRule.team_id, [team_id])
    )
    return session.scalars(wanted.with_for_update()).one_or_none()


def known_tasks(
    session: Session, task_ids: Collection[uuid.UUID], *, team_id: uuid.UUID
) -> set[uuid.UUID]:
    """Return which of these tasks the team has."""
    wanted = select(Task.id).where(
        Task.id.in_(task_ids), Task.team_id == team_id, Task.deleted_at.is_(None)
    )
    return set(session.scalars(wanted))


def create_rule(session: Session, values: Mapping[str, Any]) -> AlertRule:
    """Save a new rule."""
    made = AlertRule(**values)
    session.add(made)
    session.flush()
    session.refresh(made)
    return made


def change_rule(session: Session, rule: AlertRule, values: Mapping[str, Any]) -> None:
    """Give a rule other values."""
    changed = (
        update(AlertRule)
        .where(AlertRule.id == rule.id)
        .values(**values, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.execute(changed)
    session.refresh(rule)


def delete_rule(session: Session, rule: AlertRule) -> None:
    """Delete a rule."""
    session.execute(
        delete(AlertRule)
        .where(AlertRule.id == rule.id)
        .execution_options(synchronize_session=False)
    )
