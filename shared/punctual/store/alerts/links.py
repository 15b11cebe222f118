"""Links of messages: codes that retry or snooze one task without a login, for a week."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.facts import EventFacts
from punctual.store.accounts.token_hash import token_digest
from punctual.store.schema.models import AlertLink
from punctual.store.schema.models.model import new_id

LINK_LIFE = timedelta(days=7)
WITHOUT = frozenset({EventKind.RECOVERED, EventKind.OUTAGE})
"""Events after which there is nothing to retry, or more than one task."""

CREATE = text("""
INSERT INTO alert_links (id, code_hash, team_id, task_id, run_id, expires_at)
VALUES (:id, :code_hash, :team_id, :task_id, :run_id, now() + :life)
""")

# A task that has moved to another team is no more this link's.
FIND = text("""
SELECT l.id, l.task_id, l.run_id, l.team_id, l.retried_as FROM alert_links AS l
JOIN tasks AS t ON t.id = l.task_id AND t.team_id = l.team_id AND t.deleted_at IS NULL
WHERE l.code_hash = :code_hash AND l.expires_at > now()
""")

LOCK = text("SELECT retried_as FROM alert_links WHERE id = :id FOR UPDATE")


class OpenLink(NamedTuple):
    """A link that still does something."""

    id: uuid.UUID
    task_id: uuid.UUID
    run_id: uuid.UUID | None
    team_id: uuid.UUID
    retried_as: uuid.UUID | None


def create_links(connection: Connection, facts: Sequence[EventFacts]) -> dict[int, str]:
    """Return the code of the links of a message by event, in clear for that message alone.

    A message of many events has none: each could be a run that is not to be retried.
    """
    if len(facts) != 1:
        return {}
    [only] = facts
    if only.task is None or only.team_id is None or only.kind in WITHOUT:
        return {}
    code = secrets.token_urlsafe(32)
    params = {
        "id": new_id(),
        "code_hash": token_digest(code),
        "team_id": only.team_id,
        "task_id": only.task.id,
        "run_id": None if only.run is None else only.run.id,
        "life": LINK_LIFE,
    }
    connection.execute(CREATE, params)
    return {only.id: code}


def open_link(session: Session, code: str) -> OpenLink | None:
    """Return the link of this code; None for one that is unknown or over."""
    row = session.execute(FIND, {"code_hash": token_digest(code)}).one_or_none()
    return None if row is None else OpenLink(*row)


def use_for_retry(session: Session, link: OpenLink) -> uuid.UUID | None:
    """Lock a link; return the run that it has made already, or None while it has made none."""
    found: uuid.UUID | None = session.execute(LOCK, {"id": link.id}).scalar_one()
    return found


def note_retry(session: Session, link: OpenLink, run_id: uuid.UUID) -> None:
    """Write down the run that a link has made: it makes no other one."""
    session.get_one(AlertLink, link.id).retried_as = run_id
    session.flush()
