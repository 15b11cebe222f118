"""Links to a new password: one a user, good for an hour and for one use."""

import secrets
import uuid
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from punctual.store.accounts.token_hash import token_digest
from punctual.store.schema.models import PasswordReset, User

RESET_LIFE = timedelta(hours=1)


def create_reset(session: Session, user_id: uuid.UUID) -> str:
    """Return the code of a new link in clear; the link before ends.

    Lock the user before, so that the address it is mailed to is the one that the account has.
    """
    code = secrets.token_urlsafe(32)
    values = {
        "code_hash": token_digest(code),
        "created_at": func.now(),
        "expires_at": func.now() + RESET_LIFE,
    }
    made = insert(PasswordReset).values(user_id=user_id, **values)
    session.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=values))
    return code


def user_of_reset(session: Session, code: str) -> User | None:
    """Return whose link this is; None when it is unknown, used or expired, or leads nowhere."""
    wanted = (
        select(User)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(
            PasswordReset.code_hash == token_digest(code),
            PasswordReset.expires_at > func.now(),
            User.disabled_at.is_(None),
            User.password_hash.is_not(None),
        )
    )
    return session.scalars(wanted).one_or_none()


def use_reset(session: Session, code: str) -> bool:
    """Use up a link; return False when it was used before."""
    used = (
        delete(PasswordReset)
        .where(PasswordReset.code_hash == token_digest(code), PasswordReset.expires_at > func.now())
        .returning(PasswordReset.user_id)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(used).one_or_none() is not None


def end_reset(session: Session, user_id: uuid.UUID) -> None:
    """Make the mailed link of a user worthless, if there is one."""
    ended = delete(PasswordReset).where(PasswordReset.user_id == user_id)
    session.execute(ended.execution_options(synchronize_session=False))
