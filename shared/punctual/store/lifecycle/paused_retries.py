"""Paused retries: a pause ends what its task's schedule began and what waits to be tried again.

A run that a person asked for may be started while the task is paused, and so may its retries.
"""

import uuid

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import ReasonCode

WAITS_TO_BE_RETRIED = "r.attempt > 0 AND r.trigger IN ('schedule', 'after')"

# A scalar, so that PostgreSQL looks up the task of each retry: for an EXISTS it reads all tasks
# into a hash.
MAY_BE_RETRIED = f"""
    (NOT ({WAITS_TO_BE_RETRIED}) OR (SELECT enabled FROM tasks AS t WHERE t.id = r.task_id))
"""
"""Whether no pause stops the run `r`; it looks at the tasks of retries alone."""

# The reason why its last attempt failed stays in `after`.
AFTER = """
    jsonb_build_object('retry', true) || CASE WHEN reason_code IS NULL THEN '{}'
        ELSE jsonb_build_object('after', jsonb_build_object(
            'code', reason_code, 'args', coalesce(reason_args, '{}'))) END
"""

WITHDRAW = f"""
UPDATE runs SET state = 'cancelled', fence = fence + 1, finished_at = now(),
                reason = NULL, reason_code = '{ReasonCode.PAUSED}',
                reason_args = {AFTER}
FROM retries WHERE runs.id = retries.id
RETURNING runs.id
"""

OF_TASK = text(f"""
WITH retries AS (
    SELECT id FROM runs AS r
    WHERE task_id = :task_id AND state IN ('scheduled', 'queued', 'claimed')
      AND {WAITS_TO_BE_RETRIED}
    ORDER BY due_at, id FOR UPDATE
)
{WITHDRAW}
""")

# Their attempts ended after the pause had begun.
OF_PAUSED_TASKS = text(f"""
WITH retries AS (
    SELECT r.id FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
    WHERE r.state = 'scheduled' AND {WAITS_TO_BE_RETRIED} AND NOT t.enabled
    ORDER BY r.due_at, r.id LIMIT :limit FOR UPDATE OF r SKIP LOCKED
)
{WITHDRAW}
""")


def withdraw_retries_of(connection: Connection, task_id: uuid.UUID) -> None:
    """End, as cancelled, the runs of a task that is being paused and that wait for a retry."""
    connection.execute(OF_TASK, {"task_id": task_id})


def withdraw_paused_retries(connection: Connection, *, limit: int) -> list[uuid.UUID]:
    """End at most `limit` runs that failed during a pause and wait for a retry; return which."""
    return list(connection.execute(OF_PAUSED_TASKS, {"limit": limit}).scalars())
