"""The user or the team of a token that a request carries, and when the token was last used."""

import uuid
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.needs import Through
from punctual.domain.roles import Role, TeamRole, capped
from punctual.store.accounts.teams import ROLES_OF_USER, read_roles
from punctual.store.accounts.token_hash import token_digest
from punctual.store.driver import raw_statements

ACCESS_TOKEN_PREFIX = "pct_"  # noqa: S105 - it marks a token in a log or a repository, and is none
NOTED_AFTER = timedelta(minutes=1)
"""How old the noted last use of a token or session is at most while it is used."""

STALE = "last_used_at IS NULL OR last_used_at < now() - interval '1 minute'"

# The first query of every request, so it also returns the request's instant.
OF_LOGIN = text(f"""
SELECT CAST(users.id AS text), username, email, now(), is_admin, {ROLES_OF_USER},
       CAST(api_tokens.id AS text), {STALE}
FROM api_tokens JOIN users ON users.id = user_id
WHERE token_hash = :digest AND expires_at > now() AND disabled_at IS NULL
""")

OF_ACCESS_TOKEN = text(f"""
SELECT CAST(users.id AS text), coalesce(username, access_tokens.name), coalesce(email, ''), now(),
       coalesce(is_admin, false),
       CASE WHEN access_tokens.team_id IS NULL THEN {ROLES_OF_USER}
            ELSE (SELECT ARRAY[ARRAY[CAST(teams.id AS text), slug, role]]
                  FROM teams WHERE teams.id = access_tokens.team_id) END,
       CAST(access_tokens.id AS text), {STALE}, role
FROM access_tokens LEFT JOIN users ON users.id = user_id
WHERE token_hash = :digest AND (expires_at IS NULL OR expires_at > now()) AND disabled_at IS NULL
""")

# Requests at the same time with the same token do not wait for each other: one of them writes.
USED = {
    table: text(f"""
UPDATE {table} SET last_used_at = now() WHERE id = (
    SELECT id FROM {table} WHERE id = CAST(:id AS uuid) AND ({STALE})
    FOR NO KEY UPDATE SKIP LOCKED)
""")
    for table in ("api_tokens", "access_tokens")
}


class Bearer(NamedTuple):
    """The user of a token, the time of the transaction on the database's clock, and their teams.

    A team's own token stands for no user: its id is the token's, and so is its name.
    """

    id: uuid.UUID
    username: str
    email: str
    now: datetime
    is_admin: bool
    teams: tuple[TeamRole, ...]
    through: Through
    token_id: uuid.UUID


def bearer_of(connection: Connection, token: str) -> Bearer | None:
    """Return the user of this token; None when it is unknown, ended or expired."""
    if token.startswith(ACCESS_TOKEN_PREFIX):
        return _of_access_token(connection, token)
    found = _row(connection, "bearer", token)
    if found is None:
        return None
    user_id, username, email, now, is_admin, roles, token_id, is_stale = found
    if is_stale:
        _note_use(connection, "api_tokens", token_id)
    return Bearer(
        _uuid(user_id),
        username,
        email,
        now,
        is_admin,
        read_roles(roles),
        Through.LOGIN,
        _uuid(token_id),
    )


def _of_access_token(connection: Connection, token: str) -> Bearer | None:
    found = _row(connection, "access_bearer", token)
    if found is None:
        return None
    user_id, username, email, now, is_admin, roles, token_id, is_stale, role = found
    if is_stale:
        _note_use(connection, "access_tokens", token_id)
    is_full = role is None
    teams = capped(read_roles(roles), None if is_full else Role(role))
    return Bearer(
        _uuid(user_id or token_id),
        username,
        email,
        now,
        is_admin and is_full,
        teams,
        Through.FULL_TOKEN if is_full else Through.LIMITED_TOKEN,
        _uuid(token_id),
    )


STATEMENTS = {"bearer": OF_LOGIN, "access_bearer": OF_ACCESS_TOKEN}


def _row(connection: Connection, name: str, token: str) -> tuple[Any, ...] | None:
    found = raw_statements.rows(connection, name, STATEMENTS[name], {"digest": token_digest(token)})
    return found[0] if found else None


def _note_use(connection: Connection, table: str, token_id: str) -> None:
    raw_statements.rows(connection, f"used_{table}", USED[table], {"id": token_id})


@lru_cache(maxsize=1000)
def _uuid(spelled: str) -> uuid.UUID:
    """Return the UUID of this text, cached: the same clients come again."""
    return uuid.UUID(spelled)
