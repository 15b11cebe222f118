"""Access tokens: made, listed and ended by the user or the team that owns them."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from punctual.domain.roles import Role
from punctual.store.accounts.bearers import ACCESS_TOKEN_PREFIX
from punctual.store.accounts.logins import lock_user
from punctual.store.accounts.teams import lock_team
from punctual.store.accounts.token_hash import token_digest
from punctual.store.schema.models import AccessToken


class Owner(NamedTuple):
    """Who owns a token: a team, or else a user."""

    user_id: uuid.UUID
    team_id: uuid.UUID | None = None


def lock_owner(session: Session, owner: Owner) -> None:
    """Have the owner's tokens counted and made in one request at a time."""
    lock_user(session, owner.user_id)
    if owner.team_id is not None:
        lock_team(session, owner.team_id)


def count_tokens(session: Session, owner: Owner) -> int:
    """Return how many tokens the owner has that have not expired."""
    alive = AccessToken.expires_at.is_(None) | (AccessToken.expires_at > func.now())
    count = select(func.count()).select_from(AccessToken).where(_of(owner), alive)
    return session.scalars(count).one()


def create_token(
    session: Session,
    owner: Owner,
    *,
    name: str,
    role: Role | None,
    expires_at: datetime | None,
    by: uuid.UUID,
) -> tuple[AccessToken, str]:
    """Return a new token, and the token in clear for the one answer that shows it."""
    token = ACCESS_TOKEN_PREFIX + secrets.token_urlsafe(32)
    made = AccessToken(
        user_id=owner.user_id if owner.team_id is None else None,
        team_id=owner.team_id,
        created_by=by,
        name=name,
        role=role,
        token_hash=token_digest(token),
        expires_at=expires_at,
    )
    session.add(made)
    session.flush()
    return made, token


def list_tokens(
    session: Session, owner: Owner, *, limit: int, before: uuid.UUID | None = None
) -> Sequence[AccessToken]:
    """Return at most `limit` tokens of the owner, newest first, those older than `before`."""
    statement = select(AccessToken).where(_of(owner)).order_by(AccessToken.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(AccessToken.id < before)
    return session.scalars(statement).all()


def end_token(
    session: Session, token_id: uuid.UUID, *, user_id: uuid.UUID, team_id: uuid.UUID
) -> AccessToken | None:
    """End a token of this user or this team; None when neither has it."""
    own = (AccessToken.user_id == user_id) | (AccessToken.team_id == team_id)
    ended = delete(AccessToken).where(AccessToken.id == token_id, own).returning(AccessToken)
    return session.scalars(ended).one_or_none()


def end_tokens(session: Session, owner: Owner) -> Sequence[AccessToken]:
    """End all tokens of the owner; return them."""
    return session.scalars(delete(AccessToken).where(_of(owner)).returning(AccessToken)).all()


def _of(owner: Owner) -> ColumnElement[bool]:
    if owner.team_id is None:
        return AccessToken.user_id == owner.user_id
    return AccessToken.team_id == owner.team_id
