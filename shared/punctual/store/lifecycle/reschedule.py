"""Reschedule: apply an edit of a task to its runs that have not started."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.domain.calendars.calendar import blocking_calendar, readable_calendars
from punctual.domain.errors import Unreadable
from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.states import Trigger
from punctual.domain.schedules.syntax import Schedule, due_times, is_due, only_time
from punctual.store.calendars.changes import block_runs, own_calendars_named
from punctual.store.driver.notify import wake_coordinators
from punctual.store.lifecycle.cancel import cancel_task_runs
from punctual.store.lifecycle.paused_retries import withdraw_retries_of
from punctual.store.lifecycle.run_spec import DEFAULTS, SPEC, start_by
from punctual.store.lifecycle.turns import deal_turns
from punctual.store.schema.models import Task

EDITED, PAUSED, MAX_RUNS = ReasonCode.EDITED, ReasonCode.PAUSED, ReasonCode.MAX_RUNS

UNSTARTED = text("""
SELECT id, state, scheduled_for, due_at, trigger FROM runs
WHERE task_id = :task_id AND trigger = ANY(:triggers) AND attempt = 0
  AND state IN ('scheduled', 'queued', 'claimed')
ORDER BY due_at, id FOR UPDATE
""")

CLAIMED_ELSEWHERE = "(runs.state = 'claimed' AND runs.queue <> t.queue)"

# A run that a worker of the old queue has claimed is taken back; a message to the old queue names
# a run that no worker there may claim, so that the next one goes out at once.
REFRESH = text(f"""
UPDATE runs SET spec = {SPEC}, params = {DEFAULTS}, start_by = {start_by("runs")},
                max_attempts = t.max_retries + 1, priority = t.priority, overlap = t.overlap,
                queue = t.queue,
                state = CASE WHEN {CLAIMED_ELSEWHERE} THEN 'scheduled' ELSE runs.state END,
                fence = runs.fence + ({CLAIMED_ELSEWHERE})::int,
                worker_id = CASE WHEN NOT {CLAIMED_ELSEWHERE} THEN runs.worker_id END,
                worker = CASE WHEN NOT {CLAIMED_ELSEWHERE} THEN runs.worker END,
                redispatch_at = CASE WHEN runs.queue <> t.queue THEN now()
                                     ELSE runs.redispatch_at END
FROM tasks AS t
WHERE t.id = runs.task_id AND runs.id = ANY(:ids)
""")

WITHDRAW = text("""
UPDATE runs SET state = 'cancelled', superseded = true, fence = fence + 1, finished_at = now(),
                reason = NULL, reason_code = :code, reason_args = CAST(:args AS jsonb)
WHERE id = ANY(:ids)
""")

PLANNED = text("""
SELECT scheduled_for FROM runs
WHERE task_id = :task_id AND scheduled_for >= :since AND trigger = 'schedule' AND NOT superseded
""")


def refresh_pending(
    connection: Connection,
    task: Task,
    *,
    schedule: Schedule | Unreadable | None,
    now: datetime,
    replan: bool,
) -> None:
    """Apply the task to its runs that have not started, and set its `next_due_at`.

    Call it in the transaction of the edit, pause, resume or delete, after the new values were
    flushed; `replan` unless the due times are what they were. Runs whose due time is still in the
    schedule keep their identity and take the new command; the others are withdrawn. While the
    schedule is Unreadable, all of them stay, and the task waits for it to be planned.
    """
    if task.deleted_at is not None:
        cancel_task_runs(connection, task_id=task.id, team_id=task.team_id, code=ReasonCode.DELETED)
    if not task.enabled:
        withdraw_retries_of(connection, task.id)
    active = schedule if task.enabled and task.deleted_at is None else None
    # A pause withdraws runs that follow other tasks as well; an edit does not.
    triggers = [Trigger.SCHEDULE] if task.enabled else [Trigger.SCHEDULE, Trigger.AFTER]
    params = {"task_id": task.id, "triggers": triggers}
    unstarted = connection.execute(UNSTARTED, params).all()
    due = [row for row in unstarted if _stays_due(active, row.scheduled_for)]
    blocking = _blocking_calendars(connection, task, [row.scheduled_for for row in due])
    still_due = {row.id for row in due if row.scheduled_for not in blocking}
    blocked = [
        (row.id, task.id, at, blocking[at]) for row in due if (at := row.scheduled_for) in blocking
    ]
    if still_due:
        connection.execute(REFRESH, {"ids": list(still_due)})
        if any(row.state == "claimed" and row.id in still_due for row in unstarted):
            wake_coordinators(connection)
        if any(row.state == "queued" and row.id in still_due for row in unstarted):
            # Their priority may be another now.
            deal_turns(connection, queues=[task.queue], teams=[task.team_id])
    block_runs(connection, blocked)
    task.planned_runs = max(task.planned_runs - len(blocked), 0)
    gone = {row.id for row in unstarted} - still_due - {run_id for run_id, _, _, _ in blocked}
    withdrawn = [row for row in unstarted if row.id in gone]
    withdraw(connection, task, withdrawn, EDITED if task.enabled else PAUSED)
    if task.max_runs is not None and task.planned_runs > task.max_runs:
        beyond = min(task.planned_runs - task.max_runs, len(still_due))
        latest = sorted(
            (row for row in due if row.id in still_due), key=lambda row: row.scheduled_for
        )
        withdraw(connection, task, latest[len(latest) - beyond :], MAX_RUNS, max_runs=task.max_runs)
    # Due times that an outage left behind are still to be caught up, if nothing else was said.
    if isinstance(active, Unreadable):
        set_aside(task, error=active.detail, now=now)
    elif replan:
        forgive(task)
        task.next_due_at = _next_due(connection, task, active, now=now)


def set_aside(task: Task, *, error: str, now: datetime) -> None:
    """Set the error of a task that cannot be planned, and retry it at once."""
    task.plan_error = error
    task.plan_due_at = task.next_due_at or task.plan_due_at
    task.plan_retry_at = now
    task.next_due_at = None


def forgive(task: Task) -> None:
    """Clear a task's plan error: it was of the task before the edit."""
    task.plan_error = task.plan_due_at = task.plan_retry_at = None
    task.plan_failures = 0


def _stays_due(schedule: Schedule | Unreadable | None, at: datetime) -> bool:
    if schedule is None:
        return False
    return isinstance(schedule, Unreadable) or is_due(schedule, at)


def withdraw(
    connection: Connection,
    task: Task,
    rows: Sequence[Row[Any]],
    code: ReasonCode,
    **args: object,
) -> None:
    """Withdraw runs of a task, which may be planned again; those by schedule do not count then."""
    if not rows:
        return
    reason = coded(code, **args)
    params = {"ids": [row.id for row in rows], "code": code, "args": json.dumps(reason.args)}
    connection.execute(WITHDRAW, params)
    counted = sum(row.trigger == Trigger.SCHEDULE for row in rows)
    task.planned_runs = max(task.planned_runs - counted, 0)


def _blocking_calendars(
    connection: Connection, task: Task, times: Sequence[datetime]
) -> dict[datetime, str]:
    """Return those of the times that a calendar of the task blocks, each with its name."""
    if not task.calendars or not times:
        return {}
    own = own_calendars_named(connection, task.team_id, task.calendars)
    calendars = readable_calendars(own, task.calendars)
    if isinstance(calendars, Unreadable):
        return {}
    return {at: name for at in times if (name := blocking_calendar(calendars, at)) is not None}


def _next_due(
    connection: Connection, task: Task, schedule: Schedule | None, *, now: datetime
) -> datetime | None:
    if schedule is None or (task.max_runs is not None and task.planned_runs >= task.max_runs):
        return None
    once = only_time(schedule)
    params = {"task_id": task.id, "since": once or now}
    planned = set(connection.execute(PLANNED, params).scalars())
    if once is not None:
        return None if once in planned else once
    after = now
    if task.paused_until is not None:  # what is due the moment a pause ends is due
        after = max(now, task.paused_until - timedelta(microseconds=1))
    return next((due for due in due_times(schedule, after=after) if due not in planned), None)
