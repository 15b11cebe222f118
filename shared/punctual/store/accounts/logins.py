"""Logins: the sessions of the pages and the tokens of logins by the API, listed and ended."""

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from punctual.store.schema.models import ApiToken, User, UserSession

Row = type[UserSession] | type[ApiToken]
KINDS: dict[str, Row] = {"page": UserSession, "api": ApiToken}


class Login(NamedTuple):
    """A login of a user that has not expired; `kind` says by what: a page or the API."""

    id: uuid.UUID
    kind: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    ip: str | None
    user_agent: str | None


def list_logins(
    session: Session, user_id: uuid.UUID, *, limit: int, before: uuid.UUID | None = None
) -> list[Login]:
    """Return at most `limit` logins of a user, newest first, those older than `before`."""
    pages = [_logins(kind, table, user_id, limit, before) for kind, table in KINDS.items()]
    both = union_all(*(select(each.subquery()) for each in pages)).subquery()
    rows = session.execute(select(both).order_by(both.c.id.desc()).limit(limit))
    return [Login(*row) for row in rows]


def is_login(session: Session, login_id: uuid.UUID) -> bool:
    """Return whether a login has not been ended."""
    there = (exists().where(table.id == login_id) for table in KINDS.values())
    return bool(session.scalar(select(or_(*there))))


def end_login(session: Session, user_id: uuid.UUID, login_id: uuid.UUID) -> bool:
    """End a login of this user; return whether there was one."""
    for table in KINDS.values():
        ended = delete(table).where(table.id == login_id, table.user_id == user_id)
        if session.scalars(ended.returning(table.id)).one_or_none() is not None:
            return True
    return False


def end_logins(session: Session, user_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """End all logins of a user but that one; return how many."""
    count = 0
    for table in KINDS.values():
        ended = delete(table).where(table.user_id == user_id)
        ended = ended if but is None else ended.where(table.id != but)
        count += len(session.scalars(ended.returning(table.id)).all())
    return count


def lock_user(session: Session, user_id: uuid.UUID) -> User:
    """Return a user as committed, locked: logins, passwords and tokens change one after another."""
    return session.get_one(
        User, user_id, with_for_update={"key_share": True}, populate_existing=True
    )


def _logins(
    kind: str, table: Row, user_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            table.id,
            literal(kind).label("kind"),
            table.created_at,
            table.last_used_at,
            table.expires_at,
            table.ip,
            table.user_agent,
        )
        .where(table.user_id == user_id, table.expires_at > func.now())
        .order_by(table.id.desc())
        .limit(limit)
    )
    return statement if before is None else statement.where(table.id < before)
