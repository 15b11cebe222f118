"""Identities at a provider of single sign-on: found at a login, connected and disconnected."""

import uuid
from typing import NamedTuple

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.store.accounts.access_tokens import Owner, end_tokens
from punctual.store.accounts.admins import end_access
from punctual.store.schema.models import Identity, Invite, Membership, User
from punctual.store.schema.models.model import new_id

# Two first logins of one person at once must not both create a user.
LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:issuer || ' ' || :subject, 0))")


def lock_identity(session: Session, issuer: str, subject: str) -> None:
    """Have logins by one identity wait for each other until the end of the transaction."""
    session.execute(LOCK, {"issuer": issuer, "subject": subject})


def user_of_identity(session: Session, issuer: str, subject: str) -> uuid.UUID | None:
    """Return the user who logs in by this identity."""
    wanted = select(Identity.user_id).where(Identity.issuer == issuer, Identity.subject == subject)
    return session.scalars(wanted).one_or_none()


def identity_of(session: Session, user_id: uuid.UUID, issuer: str) -> Identity | None:
    """Return a user's identity at a provider."""
    wanted = select(Identity).where(Identity.user_id == user_id, Identity.issuer == issuer)
    return session.scalars(wanted).one_or_none()


def connect(session: Session, user_id: uuid.UUID, issuer: str, subject: str) -> bool:
    """Let a user log in by this identity; return False when either has another one there."""
    values = {"issuer": issuer, "subject": subject, "user_id": user_id}
    made = insert(Identity).values(id=new_id(), **values).on_conflict_do_nothing()
    return session.scalars(made.returning(Identity.id)).one_or_none() is not None


def disconnect(session: Session, user_id: uuid.UUID, issuer: str) -> bool:
    """Let a user log in by no identity of this provider any more; return whether there was one."""
    ended = delete(Identity).where(Identity.user_id == user_id, Identity.issuer == issuer)
    return session.scalars(ended.returning(Identity.id)).one_or_none() is not None


class Removed(NamedTuple):
    """A former member of a team."""

    user_id: uuid.UUID
    username: str
    role: str


def hand_over(session: Session, user: User) -> list[Removed]:
    """Take an account from the person who set it up, before the owner of its address gets it.

    That person need not be the owner, as addresses are not verified: so the password, logins,
    tokens, invitations and what else of the account's own team opens it to others end. Returns
    whom this removes from that team.
    """
    user.password_hash = None
    session.flush()
    end_access(session, user.id)
    end_tokens(session, Owner(user.id, user.id))
    own_team, others = Membership.team_id == user.id, Membership.user_id != user.id
    rows = session.execute(
        delete(Membership)
        .where(own_team, others, User.id == Membership.user_id)
        .returning(User.id, User.username, Membership.role)
        .execution_options(synchronize_session=False)
    )
    removed = [Removed(*row) for row in rows]
    still_open = (Invite.created_by == user.id) | (Invite.team_id == user.id)
    ended = delete(Invite).where(still_open, Invite.used_at.is_(None))
    session.execute(ended.execution_options(synchronize_session=False))
    return removed
