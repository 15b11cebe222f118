"""Edits win until the start: bring a task's unstarted runs in line with what the task says now."""

from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import Connection, text

from punctual.domain.schedule import At, Schedule, due_times, next_due
from punctual.store.cancel import cancel_task_runs
from punctual.store.models import Task
from punctual.store.snapshot import SPEC, start_by

UNSTARTED = text("""
SELECT id, scheduled_for, due_at FROM runs
WHERE task_id = :task_id AND trigger = 'schedule' AND attempt = 0
  AND state IN ('scheduled', 'queued', 'claimed')
ORDER BY due_at, id FOR UPDATE
""")

REFRESH = text(f"""
UPDATE runs SET spec = {SPEC}, start_by = {start_by("runs")}, max_attempts = t.max_retries + 1,
                priority = t.priority, overlap = t.overlap
FROM tasks AS t
WHERE t.id = runs.task_id AND runs.id = ANY(:ids)
""")

WITHDRAW = text("""
UPDATE runs SET state = 'cancelled', superseded = true, fence = fence + 1, finished_at = now(),
                reason = :reason
WHERE id = ANY(:ids)
""")

PLANNED = text("""
SELECT EXISTS (SELECT FROM runs WHERE task_id = :task_id AND scheduled_for = :at
               AND trigger = 'schedule' AND NOT superseded)
""")

LAST_DUE = text("""
SELECT max(scheduled_for) FROM runs
WHERE task_id = :task_id AND trigger = 'schedule' AND NOT superseded
""")


def refresh_pending(
    connection: Connection, task: Task, *, schedule: Schedule | None, now: datetime
) -> None:
    """Make the runs that have not started follow the task, and set its `next_due_at`.

    Call it in the transaction of the edit, pause, resume or delete, after the new values were
    flushed; a changed schedule must have `schedule_anchor = now`. Runs whose due time is still
    in the schedule keep their identity and take the new command; the others are withdrawn.
    """
    if task.deleted_at is not None:
        cancel_task_runs(
            connection, task_id=task.id, owner_id=task.owner_id, reason="its task was deleted"
        )
    active = schedule if task.enabled and task.deleted_at is None else None
    unstarted = connection.execute(UNSTARTED, {"task_id": task.id}).all()
    wanted = _among(active, [row.scheduled_for for row in unstarted])
    kept = [row.id for row in unstarted if row.scheduled_for in wanted]
    if kept:
        connection.execute(REFRESH, {"ids": kept})
    withdrawn = [row.id for row in unstarted if row.scheduled_for not in wanted]
    if withdrawn:
        reason = "superseded by edit" if task.enabled else "withdrawn: its task was paused"
        connection.execute(WITHDRAW, {"ids": withdrawn, "reason": reason})
    task.next_due_at = _next_due(connection, task, active, now=now)


def _among(schedule: Schedule | None, times: list[datetime]) -> set[datetime]:
    if schedule is None or not times:
        return set()
    just_before = min(times) - timedelta(microseconds=1)
    return set(takewhile(lambda t: t <= max(times), due_times(schedule, after=just_before)))


def _next_due(
    connection: Connection, task: Task, schedule: Schedule | None, *, now: datetime
) -> datetime | None:
    if schedule is None:
        return None
    if isinstance(schedule, At):
        planned = connection.execute(PLANNED, {"task_id": task.id, "at": schedule.at}).scalar_one()
        return None if planned else schedule.at
    unchanged = task.schedule_anchor != now
    if unchanged and task.next_due_at is not None:
        return task.next_due_at  # due times that an outage left behind are still to be caught up
    last: datetime | None = connection.execute(LAST_DUE, {"task_id": task.id}).scalar_one()
    return next_due(schedule, after=now if last is None else max(now, last))
