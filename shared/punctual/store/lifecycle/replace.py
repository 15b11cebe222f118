"""Replace: end the earlier runs of a task when a run with `overlap: replace` is due."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.store.driver.notify import wake_coordinators, wake_worker
from punctual.store.lifecycle.claim import pairs
from punctual.store.lifecycle.misfires.catch_up import STARTABLE
from punctual.store.lifecycle.start import NEWER

# Only a run that may still start itself, or a newer one that was started or is due, replaces the
# earlier ones. Of several that are due the newest stays. It cannot start before the others have
# ended: START refuses it until then.
REPLACE = text(f"""
WITH claims AS (
    SELECT r.id, r.task_id, r.scheduled_for, r.due_at, r.created_at, r.start_by, r.attempt,
           r.trigger, r.caught_up, r.queue FROM runs AS r
    JOIN jsonb_to_recordset(CAST(:claims AS jsonb)) AS c (id uuid, fence bigint)
      ON c.id = r.id AND c.fence = r.fence
    WHERE r.worker_id = :worker_id AND r.state = 'claimed' AND r.overlap = 'replace'
), newest AS (
    SELECT DISTINCT ON (task_id) task_id, scheduled_for, id FROM (
        SELECT r.task_id, r.scheduled_for, r.id FROM claims AS r
        WHERE r.attempt = 0 AND r.due_at <= clock_timestamp() AND {STARTABLE}
          AND (r.start_by IS NULL OR r.start_by > clock_timestamp())
        UNION ALL
        SELECT r.task_id, newer.scheduled_for, newer.id FROM claims AS r, LATERAL ({NEWER}) AS newer
    ) AS candidates
    ORDER BY task_id, scheduled_for DESC, id DESC
), earlier AS (
    SELECT r.id, r.state, newest.id AS by FROM runs AS r
    JOIN newest ON newest.task_id = r.task_id
               AND (r.scheduled_for, r.id) < (newest.scheduled_for, newest.id)
    WHERE r.state IN ('scheduled', 'queued', 'claimed', 'running')
      AND r.cancel_requested_at IS NULL
    ORDER BY r.due_at, r.id FOR UPDATE OF r
)
UPDATE runs SET cancel_requested_at = now(), reason = NULL, reason_code = 'replaced',
    reason_args = jsonb_build_object('run_id', earlier.by),
    state = CASE WHEN earlier.state = 'running' THEN 'running' ELSE 'cancelled' END,
    fence = runs.fence + (earlier.state <> 'running')::int,
    finished_at = CASE WHEN earlier.state <> 'running' THEN now() END
FROM earlier WHERE runs.id = earlier.id
RETURNING runs.id, runs.state, runs.worker_id, runs.limited
""")


class Replaced(NamedTuple):
    """A run that was cancelled for a newer one; `running` until its worker has killed it."""

    run_id: uuid.UUID
    state: str
    worker_id: uuid.UUID | None


def replace_earlier(
    connection: Connection, *, worker_id: uuid.UUID, claims: Sequence[tuple[uuid.UUID, int]]
) -> list[Replaced]:
    """Cancel the earlier runs that block these due claimed runs.

    A transaction of its own: it locks runs that are due before those that are claimed.
    """
    params = {"claims": pairs(claims), "worker_id": worker_id}
    rows = connection.execute(REPLACE, params).all()
    replaced = [Replaced(row.id, row.state, row.worker_id) for row in rows]
    if any(row.limited and row.state != "running" for row in rows):
        wake_coordinators(connection)  # the next one may have their place
    for run in replaced:
        if run.state == "running" and run.worker_id is not None:
            wake_worker(connection, worker_id=run.worker_id, run_id=run.run_id)
    return replaced
