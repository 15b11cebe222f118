"""Closed queues: queues that only some teams may use, and the runs that may not start there."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from punctual.store.driver.notify import wake_coordinators

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('queues', 0))")

TEAMS = text("SELECT team_ids FROM queues WHERE name = :name")

KNOWN = text("SELECT name, team_ids FROM queues WHERE name = ANY(:names)")

IN_THE_WAY = text("""
SELECT q.name FROM queues AS q
WHERE :team_id <> ALL (q.team_ids) AND EXISTS (
    SELECT FROM tasks AS t
    WHERE t.team_id = :moving AND t.deleted_at IS NULL AND t.queue = q.name)
ORDER BY q.name
""")

CLOSE = text("""
INSERT INTO queues (name, team_ids) VALUES (:name, :team_ids)
ON CONFLICT (name) DO UPDATE SET team_ids = excluded.team_ids, updated_at = now()
""")

OPEN = text("DELETE FROM queues WHERE name = :name")

# All runs of a closed queue are looked at before they are dispatched, those of its teams too.
MARK = text("""
WITH unfinished AS (
    SELECT id FROM runs
    WHERE queue = :name AND state IN ('scheduled', 'queued', 'claimed') AND NOT limited
    ORDER BY due_at, id FOR UPDATE
)
UPDATE runs SET limited = true FROM unfinished WHERE runs.id = unfinished.id
""")

# A worker that has claimed one finds its fence gone, and starts nothing.
CALL_BACK = text("""
WITH forbidden AS (
    SELECT r.id FROM runs AS r JOIN queues AS q ON q.name = r.queue
    WHERE r.queue = ANY(:queues) AND r.state IN ('queued', 'claimed')
      AND r.team_id <> ALL (q.team_ids)
    ORDER BY r.due_at, r.id FOR UPDATE OF r SKIP LOCKED
)
UPDATE runs SET state = 'scheduled', fence = fence + 1, worker_id = NULL, worker = NULL,
                limited = true
FROM forbidden WHERE runs.id = forbidden.id
""")

NOTE = text("""
INSERT INTO ledger (task_id, scheduled_for, team_id, reason, reason_code, reason_args, run_id)
SELECT r.task_id, r.scheduled_for, r.team_id, 'limited', 'queue_closed',
       jsonb_build_object('queue', r.queue, 'team', t.slug), r.id
FROM runs AS r JOIN queues AS q ON q.name = r.queue JOIN teams AS t ON t.id = r.team_id
WHERE r.limited AND r.state = 'scheduled' AND r.attempt = 0 AND r.trigger = 'schedule'
  AND r.due_at <= coalesce(:now, now()) - interval '1 second'
  AND r.team_id <> ALL (q.team_ids)
  AND NOT EXISTS (SELECT FROM ledger AS noted WHERE noted.task_id = r.task_id
                  AND noted.scheduled_for = r.scheduled_for)
ON CONFLICT DO NOTHING
""")


def teams_of(connection: Connection, name: str) -> list[uuid.UUID] | None:
    """Return the teams that may use a queue; None: every team may."""
    found: list[uuid.UUID] | None = connection.execute(TEAMS, {"name": name}).scalar_one_or_none()
    return found


def closed_to(connection: Connection, team_id: uuid.UUID, names: Collection[str]) -> set[str]:
    """Return which of these queues the team may not use."""
    rows = connection.execute(KNOWN, {"names": sorted(names)})
    return {row.name for row in rows if team_id not in row.team_ids}


def queues_closed_to(connection: Connection, team_id: uuid.UUID, *, moving: uuid.UUID) -> list[str]:
    """Return the queues of the tasks of the team `moving` that the other team may not use."""
    params = {"team_id": team_id, "moving": moving}
    return list(connection.execute(IN_THE_WAY, params).scalars())


def lock_queues(connection: Connection) -> None:
    """Have one transaction at a time decide who may use queues."""
    connection.execute(LOCK)


def set_teams(connection: Connection, name: str, team_ids: Sequence[uuid.UUID]) -> None:
    """Let these teams alone use a queue, or, with none, every team.

    Runs of other teams that have not started wait from now on; those that run go on.
    """
    if team_ids:
        connection.execute(CLOSE, {"name": name, "team_ids": list(team_ids)})
        connection.execute(MARK, {"name": name})
        call_back(connection, queues=[name])
    else:
        connection.execute(OPEN, {"name": name})
    wake_coordinators(connection)


def call_back(connection: Connection, *, queues: Sequence[str]) -> None:
    """Take back what is dispatched in these queues and may not start there."""
    connection.execute(CALL_BACK, {"queues": list(queues)})


def note_closed(connection: Connection, *, now: datetime | None = None) -> None:
    """Note in the ledger the late runs that wait as their team may not use their queue."""
    connection.execute(NOTE, {"now": now})
