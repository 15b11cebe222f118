"""Events: record what happened to tasks, as an outbox of messages and as the tasks' history."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.domain.alerts.events import EventKind
from punctual.ops.json_text import as_text

RECORD = text("""
INSERT INTO alert_events (kind, team_id, task_id, run_id, details)
SELECT kind, team_id, task_id, run_id, coalesce(details, '{}')
FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS e (
    kind text, team_id uuid, task_id uuid, run_id uuid, details jsonb)
RETURNING id
""")

# Ids grow with time, so the oldest events come first in the primary key.
PRUNE = text("""
DELETE FROM alert_events WHERE id IN (
    SELECT id FROM (SELECT id, at FROM alert_events ORDER BY id LIMIT :limit) AS oldest
    WHERE at < now() - :keep)
""")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to record; one without a team is the installation's.

    `details` is what a message needs that the tables may not have later.
    """

    kind: EventKind
    team_id: uuid.UUID | None = None
    task_id: uuid.UUID | None = None
    run_id: uuid.UUID | None = None
    details: Mapping[str, object] = field(default_factory=dict)


def record(connection: Connection, events: Sequence[NewEvent]) -> list[int]:
    """Record the events in this transaction; return their ids.

    Ends of runs are recorded by the database's trigger, not by this.
    """
    if not events:
        return []
    rows = [
        {
            "kind": event.kind,
            "team_id": event.team_id,
            "task_id": event.task_id,
            "run_id": event.run_id,
            "details": dict(event.details),
        }
        for event in events
    ]
    return list(connection.execute(RECORD, {"events": as_text(rows)}).scalars())


def prune_events(connection: Connection, *, keep: timedelta, batch_size: int) -> int:
    """Delete at most `batch_size` events older than `keep`; return how many."""
    return connection.execute(PRUNE, {"keep": keep, "limit": batch_size}).rowcount
