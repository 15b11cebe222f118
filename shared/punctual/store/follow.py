"""Follow: give tasks their runs once all the tasks before them have ended fittingly."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from punctual.domain.after import End, complete_sets, stored_edges
from punctual.domain.run import Trigger
from punctual.store.insert import NewRun, insert_runs

# The lock on the task is what makes it one run for each set: whoever comes second finds nothing.
LOCK = text("""
SELECT id, after, enabled AND deleted_at IS NULL AS wanted FROM tasks
WHERE id IN (SELECT task_id FROM upstream_ends WHERE NOT seen)
ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
""")

ENDS = text("""
SELECT id, task_id, upstream_id FROM upstream_ends WHERE task_id = ANY(:tasks) ORDER BY id
""")

FORGET = text("DELETE FROM upstream_ends WHERE id = ANY(:ids)")

WAIT = text("UPDATE upstream_ends SET seen = true WHERE id = ANY(:ids) AND NOT seen")

# Of tasks that were pruned meanwhile.
FORGET_GONE = text("""
DELETE FROM upstream_ends AS e
WHERE NOT seen AND NOT EXISTS (SELECT FROM tasks AS t WHERE t.id = e.task_id)
""")

NOW = text("SELECT clock_timestamp()")


def follow(connection: Connection, *, limit: int) -> list[uuid.UUID]:
    """Insert the runs, due at once, of tasks whose upstream tasks have all ended; answers ids.

    One run for each complete set of ends, and none for a task that is paused. At most `limit`
    tasks are looked at.
    """
    connection.execute(FORGET_GONE)
    tasks = connection.execute(LOCK, {"limit": limit}).all()
    if not tasks:
        return []
    ends: dict[uuid.UUID, list[End]] = {}
    for row in connection.execute(ENDS, {"tasks": [task.id for task in tasks]}):
        ends.setdefault(row.task_id, []).append(End(row.id, row.upstream_id))
    now: datetime = connection.execute(NOW).scalar_one()
    runs: list[NewRun] = []
    done: list[int] = []
    waiting: list[int] = []
    for task in tasks:
        found = ends.get(task.id, [])
        sets = complete_sets({upstream for upstream, _ in stored_edges(task.after)}, found)
        kept = sets.waiting if task.wanted else ()
        runs += _runs(task.id, sets.complete if task.wanted else 0, now)
        waiting += kept
        done += [end.id for end in found if end.id not in kept]
    connection.execute(FORGET, {"ids": done})
    connection.execute(WAIT, {"ids": waiting})
    return insert_runs(connection, runs)


def _runs(task_id: uuid.UUID, count: int, now: datetime) -> Sequence[NewRun]:
    times = (now + timedelta(microseconds=number) for number in range(count))
    return [NewRun(task_id, scheduled_for=at, due_at=at, trigger=Trigger.AFTER) for at in times]
