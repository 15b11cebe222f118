"""Follow: create a run when all upstream tasks finished with the required outcome."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.domain.calendars.calendar import blocking_calendar, readable_calendars
from punctual.domain.errors import Unreadable
from punctual.domain.runs.after import End, complete_sets, stored_edges
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.states import Trigger
from punctual.store.calendars.changes import blocked_by, own_calendars_named
from punctual.store.ledger.entries import LedgerEntry, note
from punctual.store.lifecycle.insert import NewRun, Upstream, insert_runs

# The lock on the task makes it one run for each set: a second coordinator finds nothing.
LOCK = text("""
SELECT id, team_id, after, calendars, enabled AND deleted_at IS NULL AS wanted FROM tasks
WHERE id IN (SELECT task_id FROM upstream_ends WHERE NOT seen)
ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""")

ENDS = text("""
SELECT e.id, e.task_id, e.upstream_id, e.run_id, r.state
FROM upstream_ends AS e LEFT JOIN runs AS r ON r.id = e.run_id
WHERE e.task_id = ANY(:tasks) ORDER BY e.id
""")

FORGET = text("DELETE FROM upstream_ends WHERE id = ANY(:ids)")

WAIT = text("UPDATE upstream_ends SET seen = true WHERE id = ANY(:ids) AND NOT seen")

# Of tasks that were pruned since.
DELETE_GONE = text("""
DELETE FROM upstream_ends AS e
WHERE NOT seen AND NOT EXISTS (SELECT FROM tasks AS t WHERE t.id = e.task_id)
""")

NOW = text("SELECT clock_timestamp()")


def follow(connection: Connection, *, batch_size: int) -> list[uuid.UUID]:
    """Insert the runs, due at once, of tasks whose upstream tasks have all ended; return ids.

    One run for each complete set of ends; none for a task that is paused, or that a calendar
    blocks now, which leaves a row in the ledger. At most `batch_size` tasks are looked at.
    """
    connection.execute(DELETE_GONE)
    tasks = connection.execute(LOCK, {"limit": batch_size}).all()
    if not tasks:
        return []
    ends: dict[uuid.UUID, list[End]] = {}
    runs_ended: dict[int, Upstream] = {}
    for row in connection.execute(ENDS, {"tasks": [task.id for task in tasks]}):
        ends.setdefault(row.task_id, []).append(End(row.id, row.upstream_id))
        runs_ended[row.id] = Upstream(row.run_id, row.state)
    now: datetime = connection.execute(NOW).scalar_one()
    runs: list[NewRun] = []
    blocked: list[LedgerEntry] = []
    done: list[int] = []
    waiting: list[int] = []
    for task in tasks:
        found = ends.get(task.id, [])
        sets = complete_sets({upstream for upstream, _ in stored_edges(task.after)}, found)
        still_waiting = sets.waiting if task.wanted else ()
        closing = [runs_ended[end] for end in sets.closing] if task.wanted else []
        calendar = _blocking(connection, task, now) if closing else None
        if isinstance(calendar, Unreadable):  # whether it blocks is not known: its ends wait
            continue
        if calendar is None:
            runs += _runs(task.id, closing, now)
        else:
            times = len(closing)
            blocked.append(
                LedgerEntry(task.id, now, Reason.BLOCKED, blocked_by(calendar), times=times)
            )
        waiting += still_waiting
        done += [end.id for end in found if end.id not in still_waiting]
    connection.execute(FORGET, {"ids": done})
    connection.execute(WAIT, {"ids": waiting})
    note(connection, blocked)
    return insert_runs(connection, runs)


def _blocking(connection: Connection, task: Row[Any], now: datetime) -> str | Unreadable | None:
    """Return the name of the task's calendar that blocks this instant, if one does."""
    own = own_calendars_named(connection, task.team_id, task.calendars)
    calendars = readable_calendars(own, task.calendars)
    return calendars if isinstance(calendars, Unreadable) else blocking_calendar(calendars, now)


def _runs(task_id: uuid.UUID, closing: Sequence[Upstream], now: datetime) -> Sequence[NewRun]:
    times = (now + timedelta(microseconds=number) for number in range(len(closing)))
    return [
        NewRun(task_id, scheduled_for=at, due_at=at, trigger=Trigger.AFTER, upstream=upstream)
        for at, upstream in zip(times, closing, strict=True)
    ]
