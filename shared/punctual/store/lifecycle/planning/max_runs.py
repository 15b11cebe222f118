"""Max runs: return the places of runs that never started to the task's `max_runs`."""

import json
import uuid
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import due_times, only_time, read_schedule

# Before their runs, as edits lock them; a task that is being edited is left to the next pass.
LOCK = text("""
SELECT id FROM tasks WHERE id = ANY(:tasks) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""")

UNCOUNT = text("""
UPDATE tasks SET planned_runs = greatest(planned_runs - u.runs, 0)
FROM jsonb_to_recordset(CAST(:counts AS jsonb)) AS u (id uuid, runs integer)
WHERE tasks.id = u.id
RETURNING tasks.id, schedule, schedule_anchor, clock_timestamp() AS now,
          enabled AND deleted_at IS NULL AND next_due_at IS NULL AND plan_error IS NULL
          AND planned_runs < max_runs AS goes_on
""")

LAST_PLANNED = text("""
SELECT max(scheduled_for) FROM runs
WHERE task_id = :id AND trigger = 'schedule' AND NOT superseded
""")

GO_ON = text("UPDATE tasks SET next_due_at = :due WHERE id = :id")


def lock_tasks(connection: Connection, tasks: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Lock the tasks that no edit has locked; return which."""
    return set(connection.execute(LOCK, {"tasks": sorted(tasks)}).scalars())


def return_places(connection: Connection, missed: Collection[uuid.UUID]) -> None:
    """Uncount one run of the task for each time it is named, and plan exhausted tasks again.

    Lock the tasks first.
    """
    counts = [{"id": str(task_id), "runs": runs} for task_id, runs in Counter(missed).items()]
    for row in connection.execute(UNCOUNT, {"counts": json.dumps(counts)}).all():
        if row.goes_on:
            _go_on(connection, row)


def _go_on(connection: Connection, task: Row[Any]) -> None:
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    if isinstance(schedule, Unreadable):  # one that cannot be read is not planned either way
        return
    if schedule is None or only_time(schedule) is not None:
        return
    last: datetime | None = connection.execute(LAST_PLANNED, {"id": task.id}).scalar_one()
    due = next(due_times(schedule, after=max(task.now, last or task.now)), None)
    connection.execute(GO_ON, {"id": task.id, "due": due})
