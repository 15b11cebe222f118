"""The link of a token that a request carries, and when it was last used."""

import uuid
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.links import LinkKind
from punctual.store.accounts.token_hash import token_digest
from punctual.store.driver import raw_statements

# A deleted task has no links, and neither has a user who is disabled.
OPEN = text("""
SELECT CAST(links.id AS text), CAST(links.task_id AS text),
       CAST(coalesce(tasks.team_id, links.team_id) AS text), CAST(links.user_id AS text), tag,
       links.name, now(), last_used_at IS NULL OR last_used_at < now() - interval '1 minute'
FROM links LEFT JOIN tasks ON tasks.id = task_id LEFT JOIN users ON users.id = links.user_id
WHERE token_hash = :digest AND kind = :kind AND tasks.deleted_at IS NULL
  AND users.disabled_at IS NULL
""")

# Requests at the same time with the same link do not wait for each other: one of them writes.
USED = text("""
UPDATE links SET last_used_at = now() WHERE id = (
    SELECT id FROM links WHERE id = CAST(:id AS uuid) FOR NO KEY UPDATE SKIP LOCKED)
""")


class OpenedLink(NamedTuple):
    """A link, the team of its task or its own, and the instant on the database's clock."""

    id: uuid.UUID
    task_id: uuid.UUID | None
    team_id: uuid.UUID | None
    user_id: uuid.UUID | None
    tag: str | None
    name: str
    now: datetime


def open_link(connection: Connection, kind: LinkKind, token: str) -> OpenedLink | None:
    """Return the link of this token and note its use; None when it is unknown or has ended."""
    values = {"digest": token_digest(token), "kind": kind.value}
    found = raw_statements.rows(connection, "open_link", OPEN, values)
    if not found:
        return None
    link_id, task_id, team_id, user_id, tag, name, now, is_stale = found[0]
    if is_stale:
        raw_statements.rows(connection, "used_link", USED, {"id": link_id})
    return OpenedLink(
        uuid.UUID(link_id), _uuid(task_id), _uuid(team_id), _uuid(user_id), tag, name, now
    )


def _uuid(spelled: str | None) -> uuid.UUID | None:
    return None if spelled is None else uuid.UUID(spelled)
