"""Bury and reap: take back the runs of workers whose heartbeat is older than their lease."""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import ReasonCode
from punctual.store.driver.notify import wake_coordinators
from punctual.store.lifecycle.finish import (
    NEXT_STATE,
    REASON,
    RETRY_DELAY,
    SETTLE,
    Settled,
    wake_for_next,
)
from punctual.store.lifecycle.start import OBSTACLE

BURY = text("""
WITH silent AS (
    SELECT id FROM workers
    WHERE state IN ('active', 'draining')
      AND heartbeat_at < coalesce(:now, clock_timestamp()) - :lease
    ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE workers SET state = 'gone', gone_at = now() FROM silent WHERE workers.id = silent.id
RETURNING workers.id, workers.name
""")

# With `catch_up: all` a due time that a dead worker had claimed is caught up: newer ones wait.
TAKE_BACK = text("""
WITH orphaned AS (
    SELECT r.id, r.attempt = 0 AND r.trigger = 'schedule' AND r.due_at <= clock_timestamp()
        AND EXISTS (SELECT FROM tasks AS t WHERE t.id = r.task_id AND t.catch_up = 'all') AS late
    FROM runs AS r JOIN workers AS w ON w.id = r.worker_id
    WHERE w.state = 'gone' AND r.state = 'claimed'
    ORDER BY r.due_at, r.id LIMIT :limit FOR UPDATE OF r SKIP LOCKED
)
UPDATE runs SET state = 'scheduled', fence = fence + 1, worker_id = NULL, worker = NULL,
                caught_up = caught_up OR orphaned.late
FROM orphaned WHERE runs.id = orphaned.id
RETURNING runs.id
""")

# A worker that beats may still be unable to start its claims. One whose slots are all in use is
# only busy, and a run whose task has another one at work only waits for that.
TAKE_OVERDUE = text(f"""
WITH overdue AS (
    SELECT r.id FROM runs AS r JOIN workers AS w ON w.id = r.worker_id
    WHERE r.state = 'claimed' AND r.redispatch_at <= coalesce(:now, now())
      AND (SELECT count(*) FROM runs AS busy
           WHERE busy.worker_id = w.id AND busy.state = 'running') < w.slots
      AND (r.overlap = 'allow' OR NOT EXISTS ({OBSTACLE}))
    ORDER BY r.due_at, r.id LIMIT :limit FOR UPDATE OF r SKIP LOCKED
)
UPDATE runs SET state = 'scheduled', fence = fence + 1, worker_id = NULL, worker = NULL
FROM overdue, workers WHERE runs.id = overdue.id AND workers.id = runs.worker_id
RETURNING runs.id, workers.name
""")

GIVE_UP = text(f"""
WITH locked AS (
    SELECT r.*, 'lost' AS outcome, NULL::jsonb AS no_retry
    FROM runs AS r JOIN workers AS w ON w.id = r.worker_id
    WHERE w.state = 'gone' AND r.state = 'running'
    ORDER BY r.due_at, r.id LIMIT :limit FOR UPDATE OF r SKIP LOCKED
), judged AS (
    SELECT r.*, {NEXT_STATE} AS next_state, seen.run_id IS NOT NULL AS is_seen,
        seen.output_bytes AS seen_bytes, '{ReasonCode.WORKER_LOST}' AS why,
        jsonb_build_object('worker', r.worker, 'when',
            CASE WHEN r.started_at IS NULL AND seen.run_id IS NULL THEN 'starting'
                 ELSE 'running' END)
        || CASE WHEN seen.run_id IS NULL THEN '{{}}'
                ELSE jsonb_build_object('output_seen', true) END AS why_args
    FROM locked AS r
    LEFT JOIN live_outputs AS seen ON seen.run_id = r.id AND seen.fence = r.fence
), ended AS (
    SELECT r.id, r.attempt, r.task_id, r.fence, r.worker_id, r.worker, r.due_at, r.overlap,
        r.limited, r.team_id, r.trigger,
        next_state, CASE WHEN next_state = 'cancelled' THEN 'cancelled' ELSE 'lost' END
            AS attempt_state,
        CASE WHEN next_state = 'scheduled' THEN clock_timestamp() + {RETRY_DELAY} END AS retry_at,
        r.started_at, clock_timestamp() AS finished_at, r.lateness_ms,
        NULL::int AS exit_code, NULL::smallint AS signal, {REASON},
        coalesce(r.seen_bytes, r.output_bytes) AS output_bytes,
        r.is_seen OR r.output_truncated AS output_truncated, r.left_behind
    FROM judged AS r
), {SETTLE}
""")


KEEP_SEEN = text("""
SELECT keep_seen_output(id, attempt)
FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS smallint[])) AS lost (id, attempt)
""")


class Buried(NamedTuple):
    """A worker that was silent for longer than its lease."""

    worker_id: uuid.UUID
    name: str


def bury(connection: Connection, *, lease: timedelta, now: datetime | None = None) -> list[Buried]:
    """Mark workers as gone whose heartbeat is older than the lease, by the database's clock.

    At `now` the database must have been up for a lease (uptime.py).
    """
    return [Buried(*row) for row in connection.execute(BURY, {"lease": lease, "now": now})]


def reap_claimed(connection: Connection, *, batch_size: int) -> list[uuid.UUID]:
    """Put back the runs that dead workers had claimed and not started; they lose nothing."""
    taken = list(connection.execute(TAKE_BACK, {"limit": batch_size}).scalars())
    if taken:
        wake_coordinators(connection)
    return taken


def reap_overdue(
    connection: Connection, *, batch_size: int, now: datetime | None = None
) -> list[tuple[uuid.UUID, str]]:
    """Put back claimed runs that are 30 s overdue although their worker has a free slot.

    Answers each with the name of that worker, whose START is refused from now on.
    """
    rows = connection.execute(TAKE_OVERDUE, {"limit": batch_size, "now": now})
    taken = [(row.id, row.name) for row in rows]
    if taken:
        wake_coordinators(connection)
    return taken


def reap_running(connection: Connection, *, batch_size: int) -> list[Settled]:
    """End as lost the attempts that dead workers were running: retried while attempts are left.

    What was brought of their output is kept with them, as truncated: more may have been written.
    """
    settled = [Settled(*row) for row in connection.execute(GIVE_UP, {"limit": batch_size})]
    if settled:
        attempts = [run.attempt for run in settled]
        lost = {"ids": [run.run_id for run in settled], "attempts": attempts}
        connection.execute(KEEP_SEEN, lost)
    wake_for_next(connection, settled)
    return settled
