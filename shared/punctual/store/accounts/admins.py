"""What admins do with users: list them, disable them, make them admins."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from punctual.store.accounts.access_tokens import Owner, end_tokens
from punctual.store.accounts.logins import end_logins
from punctual.store.accounts.resets import end_reset
from punctual.store.schema.models import User

# Two requests that take the flag from the last two admins must not both succeed.
ADMINS_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('punctual admins'))")

# One step in the index of each account's events, and as many more as failed since.
LAST_LOGINS = text("""
SELECT users.id, last.at
FROM unnest(CAST(:ids AS uuid[])) AS users (id) CROSS JOIN LATERAL (
    SELECT at FROM audit_events WHERE account_id = users.id AND action = 'user.login'
    ORDER BY at DESC, id DESC LIMIT 1) AS last
""")


def list_users(
    session: Session, *, limit: int, before: uuid.UUID | None = None, q: str | None = None
) -> Sequence[User]:
    """Return at most `limit` users, newest first, those older than `before`.

    `q` is found in a name or an address, in any letter case.
    """
    statement = select(User).order_by(User.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(User.id < before)
    if q:
        found = User.username.icontains(q, autoescape=True)
        statement = statement.where(found | User.email.icontains(q, autoescape=True))
    return session.scalars(statement).all()


def last_logins(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """Return when each of these users last logged in, as far as the audit record has it."""
    return {row.id: row.at for row in session.execute(LAST_LOGINS, {"ids": list(ids)})}


def lock_admins(session: Session) -> None:
    """Have changes of admins wait for each other until the end of the transaction."""
    session.execute(ADMINS_LOCK)


def other_admins(session: Session, user_id: uuid.UUID) -> int:
    """Return how many admins, but this one, may log in; under `lock_admins`."""
    count = select(func.count()).where(
        User.is_admin, User.disabled_at.is_(None), User.id != user_id
    )
    return session.scalars(count).one()


def set_disabled(session: Session, user: User, *, disabled: bool) -> None:
    """Disable a user, whose sessions and tokens end at once, or let the user log in again."""
    if disabled:
        user.disabled_at = user.disabled_at or session.scalars(select(func.now())).one()
        end_access(session, user.id)
    else:
        user.disabled_at = None
    session.flush()


def access_of(user: User) -> dict[str, bool]:
    """Return what an admin decides about a user, as the audit record shows it."""
    return {"is_admin": user.is_admin, "disabled": user.disabled_at is not None}


def end_access(session: Session, user_id: uuid.UUID) -> None:
    """End all logins, access tokens and a mailed link of a user; tokens of teams go on."""
    end_logins(session, user_id)
    end_tokens(session, Owner(user_id))
    end_reset(session, user_id)
