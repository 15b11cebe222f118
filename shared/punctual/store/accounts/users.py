"""Users, found by name, and the tokens of their logins by the API; no secret is stored."""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from punctual.domain.username import canonical_username
from punctual.store.accounts.resets import end_reset
from punctual.store.accounts.teams import make_personal_team
from punctual.store.accounts.token_hash import token_digest
from punctual.store.driver.violations import is_duplicate
from punctual.store.schema.models import AccessToken, ApiToken, Membership, User
from punctual.store.schema.models.model import new_id

TOKEN_PREFIX = "pt_"  # noqa: S105 - it marks a token in a log or a repository, and is none
TOKEN_LIFE = timedelta(days=90)

# Two people who register at once in an installation without users must not both be its first.
FIRST_USER_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('punctual first user'))")

Taken = Literal["username", "email"]


class Origin(NamedTuple):
    """From where a user logged in."""

    ip: str | None = None
    user_agent: str | None = None


UNKNOWN = Origin()


class NewToken(NamedTuple):
    """A token in clear, for the one response that shows it."""

    id: uuid.UUID
    token: str
    expires_at: datetime


def create_user(
    session: Session, *, username: str, email: str, password_hash: str | None
) -> User | Taken:
    """Return a new user, or which of the two is taken; letter case makes no difference.

    Their personal team, of which they are the owner, is made with them. The first user is an
    admin.
    """
    is_admin = take_first_place(session)
    team = make_personal_team(session, user_id := new_id(), username)
    if team is None:
        return "username"
    values = {"username": username, "email": email, "password_hash": password_hash}
    statement = (
        insert(User)
        .values(id=user_id, is_admin=is_admin, **values)
        .on_conflict_do_nothing()
        .returning(User)
    )
    user = session.scalars(statement).one_or_none()
    if user is None:
        session.delete(team)
        session.flush()
        return "username" if user_named(session, username) else "email"
    session.add(Membership(team_id=team.id, user_id=user.id, role="owner"))
    session.flush()
    return user


def there_are_users(session: Session) -> bool:
    """Return whether anyone has registered."""
    return bool(session.scalar(select(exists().select_from(User))))


def take_first_place(session: Session) -> bool:
    """Return whether the user that this transaction creates is the first; others wait for it."""
    if there_are_users(session):
        return False
    session.execute(FIRST_USER_LOCK)
    return not there_are_users(session)


def user_named(session: Session, username: str) -> User | None:
    """Return the user of that name, in whatever letter case."""
    name = canonical_username(username)
    if name is None:
        return None
    return session.scalars(select(User).where(func.lower(User.username) == name)).one_or_none()


def user_with_email(session: Session, email: str) -> User | None:
    """Return the user of that e-mail address, in whatever letter case."""
    wanted = select(User).where(func.lower(User.email) == func.lower(email))
    return session.scalars(wanted).one_or_none()


def change_email(session: Session, user: User, email: str) -> bool:
    """Give a user another e-mail address; return False when it is another user's.

    A link to a new password that was mailed to the former one ends.
    """
    try:
        with session.begin_nested():
            user.email = email
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False
    end_reset(session, user.id)
    return True


def issue_token(session: Session, user_id: uuid.UUID, origin: Origin = UNKNOWN) -> NewToken:
    """Return a new token for that user, good for 90 days; their expired ones are dropped."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.execute(
        delete(ApiToken).where(ApiToken.user_id == user_id, ApiToken.expires_at <= func.now())
    )
    statement = insert(ApiToken).values(
        id=(token_id := new_id()),
        user_id=user_id,
        token_hash=token_digest(token),
        expires_at=func.now() + TOKEN_LIFE,
        last_used_at=func.now(),
        ip=origin.ip,
        user_agent=origin.user_agent,
    )
    expires_at = session.scalars(statement.returning(ApiToken.expires_at)).one()
    return NewToken(token_id, token, expires_at)


def revoke_token(session: Session, token: str) -> AccessToken | None:
    """Make that token, of a login or an access token, worthless; return it if it is the latter."""
    digest = token_digest(token)
    session.execute(delete(ApiToken).where(ApiToken.token_hash == digest))
    ended = delete(AccessToken).where(AccessToken.token_hash == digest).returning(AccessToken)
    return session.scalars(ended).one_or_none()
