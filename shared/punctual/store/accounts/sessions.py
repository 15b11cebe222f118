"""Page sessions: one row each, so that an ended session is no longer accepted."""

import secrets
import uuid
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Text, delete, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from punctual.domain.roles import TeamRole
from punctual.store.accounts.bearers import NOTED_AFTER
from punctual.store.accounts.teams import ROLES_OF_USER, read_roles
from punctual.store.accounts.token_hash import token_digest
from punctual.store.accounts.users import UNKNOWN, Origin
from punctual.store.schema.models import User, UserSession
from punctual.store.schema.models.model import new_id

SESSION_LIFE = timedelta(days=14)
"""Without a visit; each visit prolongs it again."""
RENEWED_AFTER = timedelta(days=1)


class NewSession(NamedTuple):
    """The session of a login, with its token in clear for the cookie."""

    id: uuid.UUID
    token: str


class SessionUser(NamedTuple):
    """The user of a session."""

    id: uuid.UUID
    username: str
    email: str
    is_admin: bool
    teams: tuple[TeamRole, ...]
    token_id: uuid.UUID


def start_session(session: Session, user_id: uuid.UUID, origin: Origin = UNKNOWN) -> NewSession:
    """Return a new session; the user's expired ones are deleted."""
    begun = NewSession(new_id(), secrets.token_urlsafe(32))
    session.execute(
        delete(UserSession).where(
            UserSession.user_id == user_id, UserSession.expires_at <= func.now()
        )
    )
    session.execute(
        insert(UserSession).values(
            id=begun.id,
            user_id=user_id,
            token_hash=token_digest(begun.token),
            expires_at=func.now() + SESSION_LIFE,
            last_used_at=func.now(),
            ip=origin.ip,
            user_agent=origin.user_agent,
        )
    )
    return begun


def user_of_session(session: Session, token: str) -> SessionUser | None:
    """Return whose session this is; None when it is unknown, has ended or expired."""
    found = session.execute(
        select(
            User.id,
            User.username,
            User.email,
            User.is_admin,
            UserSession.id,
            (UserSession.expires_at < func.now() + SESSION_LIFE - RENEWED_AFTER)
            | UserSession.last_used_at.is_(None)
            | (UserSession.last_used_at < func.now() - NOTED_AFTER),
            literal_column(ROLES_OF_USER, ARRAY(Text)),
        )
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_hash == token_digest(token),
            UserSession.expires_at > func.now(),
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    user_id, username, email, is_admin, session_id, is_old, roles = found
    if is_old:
        own = select(UserSession.id).where(UserSession.id == session_id)
        session.execute(
            update(UserSession)
            .where(UserSession.id.in_(own.with_for_update(skip_locked=True, key_share=True)))
            .values(expires_at=func.now() + SESSION_LIFE, last_used_at=func.now())
            .execution_options(synchronize_session=False)
        )
    return SessionUser(user_id, username, email, is_admin, read_roles(roles), session_id)


def end_session(session: Session, token: str) -> None:
    """Make that session open nothing from now on."""
    session.execute(delete(UserSession).where(UserSession.token_hash == token_digest(token)))
