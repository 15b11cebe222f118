"""Plan: turn the due times that come up into runs, and move each task on to its next one."""

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from sqlalchemy import Connection, Row, text

from punctual.domain.calendar import Calendars, calendar_named, held_by
from punctual.domain.errors import PunctualError
from punctual.domain.jitter import jittered
from punctual.domain.ledger import Reason
from punctual.domain.misfire import catch_up
from punctual.domain.run import RunState
from punctual.domain.schedule import Schedule, due_times, next_due, only_time, parse_schedule
from punctual.store.calendars import calendars_of
from punctual.store.held import held_times
from punctual.store.insert import NewRun, insert_runs
from punctual.store.ledger import Entry, note

LATE_AFTER = timedelta(seconds=15)
"""Later than this, a due time counts as left behind by an outage, and `catch_up` decides."""

MOST_DUE_TIMES = 1000
"""At most so many due times of one task a pass; the next pass goes on from there."""

MOST_MISSED = 100
"""At most so many missed runs of one task a pass; the oldest then stands for the rest.

In the parts of a long gap it stands for all of them.
"""

DUE_TASKS = text("""
SELECT id, schedule, schedule_anchor, next_due_at, catch_up, jitter, coalesce(:now, now()) AS now,
       max_runs - planned_runs AS room, owner_id, calendars
FROM tasks
WHERE enabled AND deleted_at IS NULL AND next_due_at <= coalesce(:now, now()) + :window
  AND (CAST(:only AS uuid) IS NULL OR id = :only)
ORDER BY next_due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
""")

COUNTS = "enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL"

# The same number of due tasks of every owner, found by leaps through an index of owners, and locked
# by their place: joined by id, PostgreSQL goes through the whole batch for each task while it takes
# few to be due. A task that is changed in that very instant is left to the next batch.
DUE_BY_OWNER = text(f"""
WITH RECURSIVE owners AS (
    (SELECT owner_id FROM tasks WHERE {COUNTS} ORDER BY owner_id LIMIT 1)
    UNION ALL
    SELECT (SELECT owner_id FROM tasks WHERE {COUNTS} AND owner_id > o.owner_id
            ORDER BY owner_id LIMIT 1)
    FROM owners AS o WHERE o.owner_id IS NOT NULL
), picked AS (
    SELECT t.place FROM owners AS o CROSS JOIN LATERAL (
        SELECT ctid AS place FROM tasks
        WHERE {COUNTS} AND owner_id = o.owner_id AND next_due_at <= coalesce(:now, now()) + :window
        ORDER BY next_due_at, id
        LIMIT (SELECT greatest(:limit / greatest(count(owner_id), 1), 1) FROM owners)
    ) AS t
)
SELECT id, schedule, schedule_anchor, next_due_at, catch_up, jitter, coalesce(:now, now()) AS now,
       max_runs - planned_runs AS room, owner_id, calendars
FROM tasks
WHERE ctid = ANY(ARRAY(SELECT place FROM picked)) AND {COUNTS}
  AND next_due_at <= coalesce(:now, now()) + :window
ORDER BY next_due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
""")

MOVE_ON = text("""
UPDATE tasks SET plan_error = m.plan_error, planned_runs = tasks.planned_runs + m.planned,
    next_due_at = CASE WHEN tasks.planned_runs + m.planned >= tasks.max_runs THEN NULL
                       ELSE m.next_due_at END
FROM jsonb_to_recordset(CAST(:moves AS jsonb)) AS m (
    id uuid, due_at timestamptz, next_due_at timestamptz, plan_error text, planned integer)
WHERE tasks.id = m.id AND tasks.next_due_at = m.due_at
""")


@dataclass(slots=True)
class Planned:
    """What one pass of planning did."""

    tasks: int = 0
    runs: int = 0
    missed: int = 0
    errors: list[tuple[uuid.UUID, str]] = field(default_factory=list)


def plan(
    connection: Connection,
    *,
    window: timedelta,
    limit: int,
    now: datetime | None = None,
    only: uuid.UUID | None = None,
    by_owner: bool = False,
) -> Planned:
    """Insert the runs of at most `limit` tasks (or of `only` one) that are due within the window.

    A task whose schedule cannot be computed gets `plan_error`, and stops nobody else. Fewer
    tasks than `limit` in the answer mean that nothing is left. Earliest first, or `by_owner`: then
    every owner gets the same share, and fewer mean nothing.
    """
    asked = {"window": window, "limit": limit, "now": now, "only": only}
    tasks = connection.execute(DUE_BY_OWNER if by_owner else DUE_TASKS, asked).all()
    planned = Planned(tasks=len(tasks))
    runs: list[NewRun] = []
    held: list[Entry] = []
    moves: list[dict[str, str | int | None]] = []
    owned = calendars_of(connection, {task.owner_id for task in tasks if task.calendars})
    for task in tasks:
        next_at, error = None, None
        try:
            calendars = calendar_named(owned.get(task.owner_id, {}), task.calendars)
            new, next_at = _of_task(task, calendars, held, horizon=task.now + window)
            runs += new
        except (PunctualError, ArithmeticError, ValueError) as failure:
            error = f"{type(failure).__name__}: {failure}"
            planned.errors.append((task.id, error))
        moves.append(
            {
                "id": str(task.id),
                "due_at": task.next_due_at.isoformat(),
                "next_due_at": next_at.isoformat() if next_at else None,
                "plan_error": error,
            }
        )
    states = Counter(run.state for run in runs)
    planned.missed = states[RunState.MISSED]
    born = set(insert_runs(connection, runs))
    planned.runs = len(born)
    note(connection, held)
    note(connection, [_stood_for(run) for run in runs if run.until and run.id in born])
    to_run = RunState.SCHEDULED
    counted = Counter(run.task_id for run in runs if run.state == to_run and run.id in born)
    for task, move in zip(tasks, moves, strict=True):
        move["planned"] = counted[task.id]
    if moves:
        connection.execute(MOVE_ON, {"moves": json.dumps(moves)})
    return planned


def _of_task(
    task: Row[tuple[object, ...]], calendars: Calendars, held: list[Entry], *, horizon: datetime
) -> tuple[list[NewRun], datetime | None]:
    """The runs of one task and its next due time; what calendars hold is added to `held`."""
    schedule = parse_schedule(task.schedule, anchor=task.schedule_anchor)
    if schedule is None:
        return [], None
    once = only_time(schedule)
    if once is not None:
        if holds := held_times(task.id, [once], calendars):
            held += holds
            return [], None
        # A time that was past when it was saved is due from then on, and not late.
        due_at = jittered(once, task_id=task.id, seconds=task.jitter)
        return _runs(task, {max(due_at, task.schedule_anchor): once}), None
    times = _between(schedule, task.next_due_at, horizon)
    policy, most_missed = task.catch_up, MOST_MISSED
    if len(times) == MOST_DUE_TIMES and times[-1] <= task.now - LATE_AFTER:
        # The newest late one, which `latest` runs, is still to come: this part has only missed.
        policy = task.catch_up if task.catch_up == "all" else "none"
        most_missed = 1
    free = [at for at in times if held_by(calendars, at) is None]
    held += held_times(task.id, times, calendars)
    runs = _runs(task, _spread(task, free), policy, most_missed=most_missed)
    last = times[-1]
    if task.room is not None:  # those cut off are looked at again, should others have had a run
        last = min(last, max((run.scheduled_for for run in runs), default=last))
    return runs, next_due(schedule, after=last)


def _between(schedule: Schedule, first: datetime, horizon: datetime) -> list[datetime]:
    coming = due_times(schedule, after=first - timedelta(microseconds=1))
    times = list(islice(takewhile(lambda at: at <= horizon, coming), MOST_DUE_TIMES))
    return times or [first]


def _spread(task: Row[tuple[object, ...]], times: list[datetime]) -> dict[datetime, datetime]:
    """When the runs for these times of the schedule are due, ascending, each with its time."""
    spread: dict[datetime, datetime] = {}
    for at in times:
        due_at = jittered(at, task_id=task.id, seconds=task.jitter)
        while due_at in spread:
            due_at += timedelta(microseconds=1)
        spread[due_at] = at
    return dict(sorted(spread.items()))


def _runs(
    task: Row[tuple[object, ...]],
    scheduled_for: dict[datetime, datetime],
    policy: str | None = None,
    *,
    most_missed: int = MOST_MISSED,
) -> list[NewRun]:
    """Runs for due times (each with what the schedule asked for), the missed ones included."""
    parted = catch_up(policy or task.catch_up, list(scheduled_for), now=task.now, grace=LATE_AFTER)
    # An outage left several that are due at once: whoever wants them all wants none skipped.
    made_up = (
        sum(at <= task.now for at in parted.run) > 1 and parted.run[0] <= task.now - LATE_AFTER
    )
    runs = [
        NewRun(task.id, scheduled_for[at], at, waits=made_up and at <= task.now)
        for at in parted.run
    ]
    if task.room is not None:
        runs = sorted(runs, key=lambda run: run.scheduled_for)[: max(task.room, 0)]
    if parted.missed:
        runs += _missed(task.id, parted.missed, scheduled_for, most=most_missed)
    return runs


def _missed(
    task_id: uuid.UUID,
    times: Sequence[datetime],
    scheduled_for: dict[datetime, datetime],
    *,
    most: int,
) -> list[NewRun]:
    hidden = max(len(times) - most, 0)
    reasons = ["missed: no coordinator was there to dispatch it in time"] * (len(times) - hidden)
    if hidden:
        last = times[hidden].isoformat()
        reasons[0] = f"{reasons[0]}; it stands for {hidden + 1} due times until {last}"
    shown = [*times[:1], *times[hidden + 1 :]]
    runs = [
        NewRun(task_id, scheduled_for[at], at, state=RunState.MISSED, reason=reason)
        for at, reason in zip(shown, reasons, strict=True)
    ]
    if hidden:
        until = max(scheduled_for[at] for at in times[: hidden + 1])
        runs[0] = replace(runs[0], until=until, times=hidden + 1)
    return runs


def _stood_for(run: NewRun) -> Entry:
    because = "no coordinator was there to dispatch them in time"
    return Entry(
        run.task_id, run.scheduled_for, Reason.MISSED, because, run.id, run.until, run.times
    )
