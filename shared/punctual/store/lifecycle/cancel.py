"""Cancel: a run that has not started ends at once, a running one is killed by its worker."""

import uuid
from typing import Literal

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import ReasonCode
from punctual.store.driver.notify import wake_coordinators, wake_worker

CANCEL = text("""
WITH target AS (
    SELECT id, state FROM runs
    WHERE team_id = :team_id AND state IN ('scheduled', 'queued', 'claimed', 'running')
      AND (id = :run_id OR task_id = :task_id)
    ORDER BY due_at, id FOR UPDATE
)
UPDATE runs SET
    cancel_requested_at = coalesce(runs.cancel_requested_at, now()),
    state = CASE WHEN target.state = 'running' THEN 'running' ELSE 'cancelled' END,
    fence = runs.fence + (target.state <> 'running')::int,
    finished_at = CASE WHEN target.state = 'running' THEN NULL ELSE now() END,
    reason = CASE WHEN target.state = 'running' THEN runs.reason END,
    reason_code = CASE WHEN target.state <> 'running' THEN :code
                       WHEN CAST(:code AS text) = 'cancelled' THEN runs.reason_code  -- its end does
                       ELSE coalesce(runs.reason_code, :code) END,
    reason_args = CASE WHEN target.state <> 'running' THEN CAST('{}' AS jsonb)
                       WHEN CAST(:code AS text) = 'cancelled' THEN runs.reason_args
                       ELSE coalesce(runs.reason_args, '{}') END
FROM target WHERE runs.id = target.id
RETURNING runs.id, runs.state, runs.worker_id, runs.limited
""")

IS_THERE = text("SELECT 1 FROM runs WHERE id = :run_id AND team_id = :team_id")

CANCELLED = ReasonCode.CANCELLED

Outcome = Literal["cancelled", "requested", "final"]


def cancel_run(connection: Connection, *, run_id: uuid.UUID, team_id: uuid.UUID) -> Outcome | None:
    """Cancel one run of this team; None when there is no such run.

    "cancelled": it will not start. "requested": it is running, and its worker kills it within
    seconds. "final": it had ended already, and stays as it is.
    """
    params = {"run_id": run_id, "task_id": None, "team_id": team_id, "code": CANCELLED}
    row = connection.execute(CANCEL, params).one_or_none()
    if row is None:
        known = connection.execute(IS_THERE, {"run_id": run_id, "team_id": team_id}).first()
        return "final" if known else None
    if row.state != "running":
        if row.limited:  # the next one may have its place
            wake_coordinators(connection)
        return "cancelled"
    wake_worker(connection, worker_id=row.worker_id, run_id=row.id)
    return "requested"


def cancel_task_runs(
    connection: Connection, *, task_id: uuid.UUID, team_id: uuid.UUID, code: ReasonCode
) -> None:
    """Cancel every run of a task that has not ended, for a reason that takes no arguments."""
    params = {"run_id": None, "task_id": task_id, "team_id": team_id, "code": code}
    rows = connection.execute(CANCEL, params).all()
    if any(row.limited for row in rows):
        wake_coordinators(connection)
    for row in rows:
        if row.state == "running":
            wake_worker(connection, worker_id=row.worker_id, run_id=row.id)
