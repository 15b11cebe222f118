"""Give back: release runs that were claimed or started and whose command never ran."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, text

from punctual.store.driver.notify import wake_coordinators
from punctual.store.lifecycle.claim import pairs

# A START that launched nothing is undone: the attempt is not spent, the due time stays, and the
# fence grows, so that a late report of this attempt finds nothing. `started_at` of a claimed run
# may be that of its attempt before.
GIVE_BACK = text("""
WITH mine AS (
    SELECT r.id, r.state, r.cancel_requested_at IS NOT NULL AS cancelled FROM runs AS r
    JOIN jsonb_to_recordset(CAST(:unlaunched AS jsonb)) AS u (id uuid, fence bigint)
      ON r.id = u.id AND r.fence = u.fence
    WHERE r.worker_id = :worker_id
      AND (r.state = 'claimed' OR r.state = 'running' AND r.started_at IS NULL)
    ORDER BY r.due_at, r.id FOR UPDATE OF r
)
UPDATE runs SET
    state = CASE WHEN mine.cancelled THEN 'cancelled' ELSE 'scheduled' END,
    attempt = runs.attempt - (mine.state = 'running')::int,
    fence = runs.fence + 1, worker_id = NULL, worker = NULL,
    finished_at = CASE WHEN mine.cancelled THEN clock_timestamp() ELSE runs.finished_at END,
    reason_code = CASE WHEN mine.cancelled THEN coalesce(runs.reason_code, 'cancelled')
                       ELSE runs.reason_code END,
    reason_args = CASE WHEN mine.cancelled AND runs.reason_code IS NULL
                       THEN jsonb_build_object('when', 'starting') ELSE runs.reason_args END
FROM mine WHERE runs.id = mine.id
RETURNING runs.id
""")


def give_back(
    connection: Connection,
    *,
    worker_id: uuid.UUID,
    unlaunched: Sequence[tuple[uuid.UUID, int]],
) -> list[uuid.UUID]:
    """Put back the (run id, fence) pairs, claimed or started, of which no command was launched.

    They lose no attempt; one that was to be cancelled is. Safe to repeat, and for pairs of which it
    is unknown whether their START was committed. Answers which were still ours.
    """
    if not unlaunched:
        return []
    params = {"unlaunched": pairs(unlaunched), "worker_id": worker_id}
    given = list(connection.execute(GIVE_BACK, params).scalars())
    if given:
        wake_coordinators(connection)
    return given
