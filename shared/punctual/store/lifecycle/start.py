"""Start: the one step that uses an attempt, committed just before the command may run."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Row, text

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.ops.json_text import as_text
from punctual.store.concurrency.admit import admit_claimed
from punctual.store.concurrency.usage import IS_LIMITED
from punctual.store.driver.notify import wake_coordinators
from punctual.store.driver.plan_hints import by_key, no_index
from punctual.store.driver.prepared_statements import execute
from punctual.store.driver.raw_statements import rows
from punctual.store.lifecycle.claim import pairs
from punctual.store.lifecycle.misfires.catch_up import STARTABLE
from punctual.store.processes.workers import IS_SILENT, SILENCE
from punctual.store.schema.models.model import Document

OTHER_UNFINISHED = """
    other.task_id = r.task_id AND other.id <> r.id
    AND other.state IN ('scheduled', 'queued', 'claimed', 'running')
"""
"""Whether `other` is another run of the task of `r` that has not ended."""

HAS_BEGUN = "(other.state = 'running' OR other.attempt > 0)"
"""Whether that one is running, or between two attempts."""

# Such runs stand in the way unless overlap is allowed. `running` under my fence is my own START
# whose COMMIT was not answered: a fence belongs to one claim, so no other worker can have started
# it.
OBSTACLE = f"""
    SELECT other.id FROM runs AS other WHERE {OTHER_UNFINISHED} AND {HAS_BEGUN}
    ORDER BY (other.scheduled_for, other.id) < (r.scheduled_for, r.id) DESC,
             other.state = 'running' DESC LIMIT 1
"""

# Of the runs of `overlap: replace` that are due, the newest stays: an earlier one is not started
# once a newer one has been started or is due, and the newest only once the earlier ones that were
# waiting have ended. replace.py ends them. Due times in another order by their jitter do not count.
NEWER = """
    SELECT newer.id, newer.scheduled_for FROM runs AS newer
    WHERE newer.task_id = r.task_id AND newer.overlap = 'replace'
      AND (newer.scheduled_for, newer.id) > (r.scheduled_for, r.id) AND newer.due_at >= r.due_at
      AND (newer.attempt > 0
           OR newer.state IN ('queued', 'claimed') AND newer.due_at <= clock_timestamp()
              AND (newer.start_by IS NULL OR newer.start_by > clock_timestamp()))
    ORDER BY newer.scheduled_for DESC, newer.id DESC LIMIT 1
"""
EARLIER = """
    SELECT earlier.id FROM runs AS earlier
    WHERE earlier.task_id = r.task_id AND earlier.overlap = 'replace'
      AND earlier.state IN ('scheduled', 'queued', 'claimed') AND earlier.due_at <= r.due_at
      AND (earlier.scheduled_for, earlier.id) < (r.scheduled_for, r.id)
"""

# No spec is selected: a worker's role may not read that column, held_run() reads it for it.
START = text(f"""
WITH claims AS (
    SELECT * FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS c (id uuid, fence bigint)
), mine AS (
    SELECT r.id, r.fence, r.task_id, r.state, r.attempt, r.max_attempts, r.due_at, r.scheduled_for,
           r.start_by, r.overlap, r.cancel_requested_at, r.created_at, r.trigger, r.caught_up,
           r.queue
    FROM runs AS r JOIN claims AS c ON {by_key("r.id", "c.id")} AND c.fence = r.fence
    WHERE r.worker_id = :worker_id AND {no_index("r.state")} IN ('claimed', 'running')
      AND EXISTS (SELECT FROM workers WHERE id = :worker_id AND state IN ('active', 'draining')
                  AND heartbeat_at > clock_timestamp() - CAST(:lease AS interval))
    ORDER BY r.due_at, r.id FOR UPDATE OF r
), ready AS (
    SELECT id FROM (
        SELECT r.id, r.overlap, row_number() OVER (
                   PARTITION BY r.task_id, r.overlap = 'allow' ORDER BY r.due_at, r.id) AS turn
        FROM mine AS r
        WHERE r.state = 'claimed' AND r.cancel_requested_at IS NULL
          AND r.attempt < r.max_attempts
          AND (r.start_by IS NULL OR r.attempt > 0 OR r.start_by > clock_timestamp())
          AND {STARTABLE}
          AND (r.overlap = 'allow' OR NOT EXISTS ({OBSTACLE}))
          AND (r.overlap <> 'replace'
               OR NOT EXISTS ({NEWER}) AND (r.attempt > 0 OR NOT EXISTS ({EARLIER})))
          AND (r.id = ANY(CAST(:admitted AS uuid[])) OR NOT EXISTS (
              SELECT FROM tasks AS t WHERE t.id = r.task_id AND {IS_LIMITED}))
    ) AS r WHERE overlap = 'allow' OR turn = 1
), started AS (
    UPDATE runs SET state = 'running', attempt = attempt + 1, started_at = NULL,
                    finished_at = NULL, lateness_ms = NULL, exit_code = NULL, signal = NULL,
                    reason = NULL, reason_code = NULL, reason_args = NULL, output_bytes = 0,
                    output_truncated = false, left_behind = 0,
                    limited = runs.limited OR runs.id = ANY(CAST(:admitted AS uuid[]))
    FROM ready WHERE {by_key("runs.id", "ready.id")}
    RETURNING runs.id, runs.fence, runs.task_id, runs.attempt, runs.due_at, runs.scheduled_for,
              runs.trigger
)
SELECT s.id, fence, task_id, attempt, due_at, scheduled_for, trigger, params, CAST(spec AS text)
FROM started AS s, held_run(s.id)
UNION ALL
SELECT m.id, fence, task_id, attempt, due_at, scheduled_for, trigger, params, CAST(spec AS text)
FROM mine AS m, held_run(m.id)
WHERE state = 'running'
""")

# A run that is caught up costs no due time its start: the first one that meets it waits until it
# has ended, others that come due in the meantime are skipped.
WAITS = """
    EXISTS (SELECT FROM runs AS c WHERE c.id = obstacle AND c.caught_up AND c.state = 'running')
    AND NOT EXISTS (
        SELECT FROM runs AS earlier
        WHERE earlier.task_id = blocked.task_id AND earlier.state IN ('queued', 'claimed')
          AND earlier.attempt = 0 AND earlier.overlap = 'skip' AND NOT earlier.caught_up
          AND (earlier.due_at, earlier.id) < (blocked.due_at, blocked.id))
"""

# What a run is skipped behind was unfinished at its due time: where the obstacle was due later, an
# earlier one that has ended since. Where there is none, a worker that died had claimed the run.
UNFINISHED_THEN = """
    SELECT recent.id, recent.worker_id FROM (
        SELECT e.id, e.worker_id, e.attempt, e.finished_at, e.scheduled_for FROM runs AS e
        WHERE e.task_id = blocked.task_id AND e.scheduled_for < blocked.scheduled_for
        ORDER BY e.scheduled_for DESC LIMIT 50) AS recent
    WHERE recent.attempt > 0 AND recent.finished_at > blocked.due_at
    ORDER BY recent.scheduled_for DESC LIMIT 1
"""
HAD_CLAIMED_IT = f"""
    SELECT w.name, w.heartbeat_at FROM workers AS w
    WHERE w.state = 'gone' AND w.gone_at > blocked.due_at AND blocked.fence > 1
      AND w.heartbeat_at < w.gone_at - {SILENCE} AND blocked.queue = ANY (w.queues)
    ORDER BY w.heartbeat_at DESC LIMIT 1
"""

BLOCKED = text(f"""
WITH blocked AS (
    SELECT r.id, r.task_id, r.due_at, r.scheduled_for, r.fence, r.queue, ({OBSTACLE}) AS obstacle
    FROM runs AS r
    JOIN jsonb_to_recordset(CAST(:claims AS jsonb)) AS c (id uuid, fence bigint)
      ON c.id = r.id AND c.fence = r.fence
    WHERE r.worker_id = :worker_id AND r.state = 'claimed' AND r.overlap = 'skip'
      AND r.attempt = 0 AND r.due_at <= clock_timestamp()
    ORDER BY r.due_at, r.id FOR UPDATE OF r
), judged AS (
    SELECT blocked.*, o.state, o.worker_id,
           (o.scheduled_for, o.id) < (blocked.scheduled_for, blocked.id) AS is_earlier
    FROM blocked JOIN runs AS o ON o.id = obstacle WHERE NOT ({WAITS})
)
SELECT blocked.id, CASE WHEN is_earlier THEN obstacle ELSE ended.id END AS behind,
       coalesce(w.name, claimant.name) AS name,
       coalesce(w.heartbeat_at, claimant.heartbeat_at) AS heartbeat_at
FROM judged AS blocked
LEFT JOIN LATERAL ({UNFINISHED_THEN}) AS ended ON NOT is_earlier
LEFT JOIN workers AS w ON {IS_SILENT}
    AND w.id = CASE WHEN is_earlier AND blocked.state = 'running' THEN blocked.worker_id
                    WHEN NOT is_earlier THEN ended.worker_id END
LEFT JOIN LATERAL ({HAD_CLAIMED_IT}) AS claimant ON NOT is_earlier AND ended.id IS NULL
WHERE is_earlier OR NOT EXISTS (
    SELECT FROM tasks AS t WHERE t.id = blocked.task_id AND t.catch_up = 'all')
""")

SKIP = text("""
UPDATE runs SET state = 'skipped', fence = fence + 1, finished_at = now(),
                reason = NULL, reason_code = s.code, reason_args = s.args
FROM jsonb_to_recordset(CAST(:skips AS jsonb)) AS s (id uuid, code text, args jsonb)
WHERE runs.id = s.id
RETURNING runs.id, runs.limited
""")

NOTE_STARTED = text(f"""
WITH begun AS (
    SELECT r.id, b.started_at FROM runs AS r
    JOIN jsonb_to_recordset(CAST(:begun AS jsonb)) AS b (
        id uuid, fence bigint, started_at timestamptz)
      ON {by_key("r.id", "b.id")} AND b.fence = r.fence
    WHERE r.worker_id = :worker_id AND {no_index("r.state")} = 'running'
    ORDER BY r.due_at, r.id FOR UPDATE OF r
)
UPDATE runs SET started_at = begun.started_at,
    lateness_ms = extract(epoch FROM begun.started_at - runs.due_at) * 1000
FROM begun WHERE {by_key("runs.id", "begun.id")}
""")


class StartedAttempt(NamedTuple):
    """An attempt that may run now: everything its command needs."""

    run_id: uuid.UUID
    fence: int
    task_id: uuid.UUID
    attempt: int
    due_at: datetime
    scheduled_for: datetime
    trigger: str
    params: Document | None
    spec: Document


def start(
    connection: Connection,
    *,
    worker_id: uuid.UUID,
    claims: Sequence[tuple[uuid.UUID, int]],
    lease: timedelta,
) -> list[StartedAttempt]:
    """Start those of the (run id, fence) pairs that may start; nothing may run before the commit.

    What falls under a limit of concurrent runs starts in a second statement, once it was counted.
    Safe to repeat when a commit's outcome is unknown: it answers the same attempts again.
    Raises IntegrityError when two workers start one task in the same instant: repeat it.
    """
    params = {"worker_id": worker_id, "lease": lease}
    first = {**params, "claims": pairs(claims), "admitted": []}
    started = _start(connection, first)
    ours = {run.run_id for run in started}
    left = [run_id for run_id, _ in claims if run_id not in ours]
    admitted = admit_claimed(connection, left) if left else []
    if admitted:
        named = pairs((run_id, fence) for run_id, fence in claims if run_id in admitted)
        second = {**params, "claims": named, "admitted": admitted}
        started += _start(connection, second)
    return started


def _start(connection: Connection, params: Mapping[str, object]) -> list[StartedAttempt]:
    return [
        StartedAttempt._make((*columns, orjson.loads(spec)))
        for *columns, spec in rows(connection, "start", START, params)
    ]


def skip_overlapping(
    connection: Connection, *, worker_id: uuid.UUID, claims: Sequence[tuple[uuid.UUID, int]]
) -> list[uuid.UUID]:
    """End as `skipped` the due runs whose task still has another unfinished run."""
    params = {"claims": pairs(claims), "worker_id": worker_id}
    found = [(row.id, _behind(row)) for row in connection.execute(BLOCKED, params)]
    if not found:
        return []
    skips = [{"id": run_id, "code": why.code, "args": why.args} for run_id, why in found]
    skipped = connection.execute(SKIP, {"skips": as_text(skips)}).all()
    if any(row.limited for row in skipped):  # the next one may have their place
        wake_coordinators(connection)
    return [row.id for row in skipped]


def _behind(row: Row[Any]) -> CodedReason:
    """Return the earlier run, the worker that left one unfinished, or else a later due time."""
    if row.name is not None:
        silent = {"worker": row.name, "since": row.heartbeat_at, "run_id": row.behind}
        return coded(ReasonCode.WORKER_SILENT, **silent)
    if row.behind is not None:
        return coded(ReasonCode.OTHER_RUN, run_id=row.behind)
    return coded(ReasonCode.LATER_DUE_TIME)


def note_started(connection: Connection, *, worker_id: uuid.UUID, begun: str) -> None:
    """Record when commands really started; `begun`: JSON `[{id, fence, started_at}]`."""
    execute(connection, "note", NOTE_STARTED, {"worker_id": worker_id, "begun": begun})
