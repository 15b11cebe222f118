"""Invitations: made, listed, ended, and used once by a user who registers or joins a team."""

import secrets
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.domain.roles import Role
from punctual.store.accounts.teams import lock_team
from punctual.store.accounts.token_hash import token_digest
from punctual.store.schema.models import Invite, Membership, User

INVITE_LIFE = timedelta(days=7)
MOST_OPEN = 100
"""Open invitations that a user may have made."""

# Owners and admins may give every role. One exists(), correlated explicitly: one within another
# correlates with its own parent alone, and would look at the invitations of all makers.
MAKER_MAY_INVITE = (
    select(User.id)
    .outerjoin(Membership, (Membership.user_id == User.id) & (Membership.team_id == Invite.team_id))
    .where(
        User.id == Invite.created_by,
        User.disabled_at.is_(None),
        User.is_admin | (~Invite.registers & (Membership.role == Role.OWNER)),
    )
    .correlate(Invite)
    .exists()
)
IS_OPEN = Invite.used_at.is_(None) & (Invite.expires_at > func.now()) & MAKER_MAY_INVITE
"""Whether an invitation can be used: the one condition of all that list, count and use it."""


def create_invite(
    session: Session,
    *,
    team_id: uuid.UUID | None,
    role: Role | None,
    email: str | None,
    registers: bool,
    expires_at: datetime,
    by: uuid.UUID,
) -> tuple[Invite, str]:
    """Return a new invitation, and its code in clear for the one answer that shows it."""
    code = secrets.token_urlsafe(32)
    made = Invite(
        code_hash=token_digest(code),
        team_id=team_id,
        role=role,
        email=email,
        registers=registers,
        created_by=by,
        expires_at=expires_at,
    )
    session.add(made)
    session.flush()
    return made, code


def count_open(session: Session, user_id: uuid.UUID) -> int:
    """Return how many invitations of a user can still be used."""
    count = select(func.count()).select_from(Invite).where(Invite.created_by == user_id, IS_OPEN)
    return session.scalars(count).one()


def open_among(session: Session, ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return those of these invitations that can still be used."""
    return frozenset(session.scalars(select(Invite.id).where(Invite.id.in_(ids), IS_OPEN)))


def list_invites(
    session: Session,
    team_id: uuid.UUID | None,
    *,
    limit: int,
    before: uuid.UUID | None = None,
    open_only: bool = False,
) -> Sequence[Invite]:
    """Return at most `limit` invitations, newest first: those of a team, or else all.

    `open_only` leaves out those that cannot be used any more.
    """
    statement = select(Invite).order_by(Invite.id.desc()).limit(limit)
    if open_only:
        statement = statement.where(IS_OPEN)
    if team_id is not None:
        statement = statement.where(Invite.team_id == team_id)
    if before is not None:
        statement = statement.where(Invite.id < before)
    return session.scalars(statement).all()


def end_invite(session: Session, invite_id: uuid.UUID) -> Invite | None:
    """End an invitation; None when there is none."""
    ended = delete(Invite).where(Invite.id == invite_id).returning(Invite)
    return session.scalars(ended).one_or_none()


def open_invite(session: Session, code: str) -> Invite | None:
    """Return the invitation of this code; None when it is unknown, used or expired.

    Nor is it open once its maker may not invite any more: is disabled, no admin, no owner.
    """
    wanted = select(Invite).where(Invite.code_hash == token_digest(code), IS_OPEN)
    return session.scalars(wanted).one_or_none()


def use_invite(session: Session, invite: Invite, user_id: uuid.UUID) -> bool:
    """Use up an invitation; return False when it is not open any more.

    Its team is locked, so that no maker loses the right to invite at the same time, and no team is
    deleted.
    """
    if invite.team_id is not None and lock_team(session, invite.team_id, stays=True) is None:
        return False
    used = (
        update(Invite)
        .where(Invite.id == invite.id, IS_OPEN)
        .values(used_at=func.now(), used_by=user_id)
        .returning(Invite.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(used).one_or_none() is not None


def join_team(session: Session, invite: Invite, user_id: uuid.UUID) -> bool:
    """Add the user to the team of an invitation; return False for a member, who keeps the role."""
    membership = (
        insert(Membership)
        .values(team_id=invite.team_id, user_id=user_id, role=invite.role)
        .on_conflict_do_nothing()
        .returning(Membership.user_id)
    )
    return session.scalars(membership).one_or_none() is not None
