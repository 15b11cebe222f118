"""Write the audit record, and delete its oldest events."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.audit.actions import Action
from punctual.domain.audit.changes import Changes
from punctual.ops.json_text import as_text
from punctual.store.driver import raw_statements
from punctual.store.schema.models.model import new_id

INSERT = text("""
INSERT INTO audit_events (id, action, actor_id, actor_name, token_id, account_id, team_id,
                          team_slug, object_kind, object_id, object_name, object_ids, changes, ip,
                          request_id)
SELECT e.id, e.action, e.actor_id, e.actor_name, e.token_id, e.account_id, e.team_id,
       e.team_slug, e.object_kind, e.object_id, e.object_name, e.object_ids, e.changes,
       CAST(:ip AS text), CAST(:request_id AS text)
FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS e(
    id uuid, action text, actor_id uuid, actor_name text, token_id uuid, account_id uuid,
    team_id uuid, team_slug text, object_kind text, object_id uuid, object_name text,
    object_ids uuid[], changes jsonb)
""")

PRUNE = text("SELECT prune_audit(:keep, :most)")


class Actor(NamedTuple):
    """Who acted: a user, by what token; all None for an unknown visitor or an operator."""

    id: uuid.UUID | None = None
    name: str | None = None
    token_id: uuid.UUID | None = None


class Subject(NamedTuple):
    """What an action was about."""

    kind: str
    id: uuid.UUID | None
    name: str | None


class NewEvent(NamedTuple):
    """An event that is to be written.

    The owners of `team`, an id and a slug, may read it, or the user of `account`; admins all.
    """

    action: Action
    actor: Actor
    subject: Subject
    team: tuple[uuid.UUID, str] | None = None
    changes: Changes | None = None
    account: uuid.UUID | None = None
    object_ids: Sequence[uuid.UUID] = ()
    """In place of the subject's id, where one request did the same to many."""


def write_events(
    connection: Connection,
    events: Sequence[NewEvent],
    *,
    ip: str | None = None,
    request_id: str | None = None,
) -> None:
    """Write events, in one statement, in the transaction of what they record."""
    rows = [_row(event) for event in events]
    parameters = {"events": as_text(rows), "ip": ip, "request_id": request_id}
    raw_statements.later(connection, "audit", INSERT, parameters)


def prune_audit(connection: Connection, *, keep: timedelta, batch_size: int) -> int:
    """Delete at most `batch_size` events older than `keep`, which is 30 days at least."""
    deleted: int = connection.execute(PRUNE, {"keep": keep, "most": batch_size}).scalar_one()
    return deleted


def _row(event: NewEvent) -> dict[str, object]:
    team_id, team_slug = event.team or (None, None)
    row = {
        "id": new_id(),
        "action": event.action,
        "actor_id": event.actor.id,
        "actor_name": event.actor.name,
        "token_id": event.actor.token_id,
        "account_id": event.account,
        "team_id": team_id,
        "team_slug": team_slug,
        "object_kind": event.subject.kind,
        "object_id": event.subject.id,
        "object_name": event.subject.name,
        "object_ids": event.object_ids or None,
        "changes": event.changes or None,
    }
    return {name: value for name, value in row.items() if value is not None}
