"""Paused retries: a pause withdraws scheduled runs that wait for a retry.

Such a run becomes what its last attempt came to: the pause does not hide that it failed.
A run that a person asked for may be started while the task is paused, and so may its retries.
"""

import uuid
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import ReasonCode

WAITS_TO_BE_RETRIED = "r.attempt > 0 AND r.trigger IN ('schedule', 'after')"

# A scalar, so that PostgreSQL looks up the task of each retry: for an EXISTS it reads all tasks
# into a hash.
MAY_BE_RETRIED = f"""
    (NOT ({WAITS_TO_BE_RETRIED}) OR (SELECT enabled FROM tasks AS t WHERE t.id = r.task_id))
"""
"""Whether no pause stops the run `r`; it looks at the tasks of retries alone."""

# By its primary key, run by run: `attempts` is the largest table, so never hash or scan it. A START
# that was given back has cleared the run's own result.
LAST_ATTEMPT = """
    CROSS JOIN LATERAL (
        SELECT a.* FROM attempts AS a WHERE a.run_id = r.id AND a.attempt = r.attempt LIMIT 1
    ) AS a
"""

# An attempt that ended since the statement began is not the one found here.
STILL_LAST = "a.attempt = r.attempt"

RESULT = (
    "worker_id",
    "worker",
    "started_at",
    "finished_at",
    "lateness_ms",
    "exit_code",
    "signal",
    "output_bytes",
    "output_truncated",
    "left_behind",
)
"""What a run and its last attempt have in common, but for the state and the reason."""

FOUND = ", ".join(f"a.{column}" for column in ("state", "reason_code", "reason_args", *RESULT))

# The reason why its last attempt failed stays in `after`.
AFTER = """
    jsonb_build_object('retry', true) || CASE WHEN retries.reason_code IS NULL THEN '{}'
        ELSE jsonb_build_object('after', jsonb_build_object(
            'code', retries.reason_code, 'args', coalesce(retries.reason_args, '{}'))) END
"""

WITHDRAW = f"""
UPDATE runs SET state = retries.state, fence = fence + 1,
                reason = NULL, reason_code = '{ReasonCode.PAUSED}', reason_args = {AFTER},
                {", ".join(f"{column} = retries.{column}" for column in RESULT)}
FROM retries WHERE runs.id = retries.id
RETURNING runs.id, runs.state
"""

OF_TASK = text(f"""
WITH retries AS (
    SELECT r.id, {FOUND} FROM runs AS r {LAST_ATTEMPT}
    WHERE r.task_id = :task_id AND r.state IN ('scheduled', 'queued', 'claimed')
      AND {WAITS_TO_BE_RETRIED} AND {STILL_LAST}
    ORDER BY r.due_at, r.id FOR UPDATE OF r
)
{WITHDRAW}
""")

# Their attempts ended after the pause had begun.
OF_PAUSED_TASKS = text(f"""
WITH retries AS (
    SELECT r.id, {FOUND} FROM runs AS r JOIN tasks AS t ON t.id = r.task_id {LAST_ATTEMPT}
    WHERE r.state = 'scheduled' AND {WAITS_TO_BE_RETRIED} AND NOT t.enabled AND {STILL_LAST}
    ORDER BY r.due_at, r.id LIMIT :limit FOR UPDATE OF r SKIP LOCKED
)
{WITHDRAW}
""")


class EndedRun(NamedTuple):
    """A run that is not tried again, and the state that its last attempt left it in."""

    run_id: uuid.UUID
    state: str


def withdraw_retries_of(connection: Connection, task_id: uuid.UUID) -> None:
    """End runs of a task that is being paused and that wait for a retry, as their last attempt."""
    connection.execute(OF_TASK, {"task_id": task_id})


def withdraw_paused_retries(connection: Connection, *, batch_size: int) -> list[EndedRun]:
    """End at most `batch_size` runs that failed during a pause, as their attempt did."""
    return [EndedRun(*row) for row in connection.execute(OF_PAUSED_TASKS, {"limit": batch_size})]
