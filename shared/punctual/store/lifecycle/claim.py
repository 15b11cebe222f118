"""Claim and release: assign queued runs to workers, and take them back."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.ops.json_text import as_text
from punctual.store.concurrency.admit import waiting_for_limits
from punctual.store.concurrency.usage import MAY_USE_QUEUE
from punctual.store.driver.notify import wake_coordinators
from punctual.store.driver.plan_hints import by_key, no_index
from punctual.store.driver.raw_statements import rows
from punctual.store.lifecycle.misfires.catch_up import STARTABLE

# Both forms skip rows that another worker is claiming, so that they never wait, and take nothing
# for a worker that was buried or drains, nor of a team that may not use the queue. The row that
# comes back is the answer.
TAKE = f"""
UPDATE runs SET state = 'claimed', fence = fence + 1, worker_id = :worker_id,
                worker = (SELECT name FROM workers WHERE id = :worker_id),
                redispatch_at = greatest(runs.due_at, now()) + interval '30 seconds'
FROM free WHERE {by_key("runs.id", "free.id")}
RETURNING runs.id, runs.fence, runs.due_at, runs.priority, runs.turn, runs.team_id
"""

SERVED = "SELECT unnest(queues) AS queue FROM workers WHERE id = :worker_id AND state = 'active'"

CLAIM = text(f"""
WITH messages AS (
    SELECT * FROM jsonb_to_recordset(CAST(:messages AS jsonb)) AS m (id uuid, fence bigint)
), free AS (
    SELECT r.id FROM runs AS r JOIN messages AS m
        ON {by_key("r.id", "m.id")} AND m.fence = r.fence
    WHERE {no_index("r.state")} = 'queued' AND r.queue IN ({SERVED})
      AND (CAST(:ahead AS interval) IS NULL OR r.due_at <= now() + :ahead)
      AND {STARTABLE} AND {MAY_USE_QUEUE}
    ORDER BY r.due_at, r.priority DESC, r.id LIMIT :room FOR UPDATE OF r SKIP LOCKED
)
{TAKE}
""")

# By turns, so that it reads the same few rows of an index, however much a team has queued.
PULL = text(f"""
WITH free AS (
    SELECT r.id FROM ({SERVED}) AS served CROSS JOIN LATERAL (
        SELECT id, turn, due_at FROM runs AS r
        WHERE state = 'queued' AND queue = served.queue
          AND due_at <= now() + CAST(:ahead AS interval) AND {STARTABLE} AND {MAY_USE_QUEUE}
        ORDER BY turn, due_at, id LIMIT :room FOR UPDATE SKIP LOCKED
    ) AS r ORDER BY r.turn, r.due_at, r.id LIMIT :room
)
{TAKE}
""")

RELEASE = text("""
WITH claims AS (
    SELECT r.id FROM runs AS r
    JOIN jsonb_to_recordset(CAST(:claims AS jsonb)) AS c (id uuid, fence bigint)
      ON c.id = r.id AND c.fence = r.fence
    WHERE r.state = 'claimed' AND r.worker_id = :worker_id
    ORDER BY r.due_at, r.id FOR UPDATE OF r
)
UPDATE runs SET state = 'scheduled', fence = fence + 1, worker_id = NULL, worker = NULL
FROM claims WHERE runs.id = claims.id
RETURNING runs.id
""")

STILL_CLAIMED = text(f"""
SELECT r.id, r.attempt = 0 AND r.start_by <= clock_timestamp() OR NOT {STARTABLE},
       r.limited AND r.due_at <= clock_timestamp()
FROM runs AS r
JOIN jsonb_to_recordset(CAST(:claims AS jsonb)) AS c (id uuid, fence bigint)
  ON c.id = r.id AND c.fence = r.fence
WHERE r.state = 'claimed' AND r.worker_id = :worker_id
""")


class Claimed(NamedTuple):
    """A run that this worker has claimed under `fence`, due at `due_at`, ordered by `turn`.

    The turns of a team are its own: its runs take them by due time and priority.
    """

    run_id: uuid.UUID
    fence: int
    due_at: datetime
    priority: int
    turn: int = 0
    team_id: uuid.UUID | None = None


def pairs(runs: Iterable[tuple[uuid.UUID, int]]) -> str:
    """Return (run id, fence) pairs as the JSON document that the batch statements take."""
    return as_text([{"id": run_id, "fence": fence} for run_id, fence in runs])


def claim(
    connection: Connection,
    *,
    worker_id: uuid.UUID,
    messages: Sequence[tuple[uuid.UUID, int]],
    room: int,
    ahead: timedelta | None = None,
) -> list[Claimed]:
    """Claim, of the (run id, fence) pairs of a message, what is still queued under that fence.

    At most `room`, earliest first, and only what is due within `ahead`, if given; a doubled, late
    or reordered message answers nothing.
    """
    params = {"messages": pairs(messages), "worker_id": worker_id, "room": room, "ahead": ahead}
    return sorted((Claimed(*row) for row in rows(connection, "claim", CLAIM, params)), key=_due)


def pull(
    connection: Connection, *, worker_id: uuid.UUID, room: int, ahead: timedelta
) -> list[Claimed]:
    """Claim the next queued runs due within `ahead`, teams in turn, with or without a message."""
    params = {"worker_id": worker_id, "room": room, "ahead": ahead}
    return sorted((Claimed(*row) for row in rows(connection, "pull", PULL, params)), key=_due)


def release(
    connection: Connection, *, worker_id: uuid.UUID, claims: Sequence[tuple[uuid.UUID, int]]
) -> list[uuid.UUID]:
    """Release claimed runs, so that another worker can start them; return which were ours."""
    if not claims:
        return []
    params = {"claims": pairs(claims), "worker_id": worker_id}
    released = list(connection.execute(RELEASE, params).scalars())
    if released:
        wake_coordinators(connection)
    return released


def still_claimed(
    connection: Connection, *, worker_id: uuid.UUID, claims: Sequence[tuple[uuid.UUID, int]]
) -> dict[uuid.UUID, bool]:
    """Return the claims that are still ours, each with whether it must be released.

    A claim must be released when its start deadline has passed, when a stop left it behind, or when
    it is due and a limit keeps it back.
    """
    params = {"claims": pairs(claims), "worker_id": worker_id}
    found = connection.execute(STILL_CLAIMED, params).all()
    limited = [row[0] for row in found if row[2]]
    waiting = waiting_for_limits(connection, limited) if limited else set()
    return {row[0]: bool(row[1]) or row[0] in waiting for row in found}


def _due(claimed: Claimed) -> tuple[datetime, int, uuid.UUID]:
    return claimed.due_at, -claimed.priority, claimed.run_id
