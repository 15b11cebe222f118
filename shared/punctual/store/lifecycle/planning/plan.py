"""Plan: turn due times into runs, and advance each task to its next due time."""

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.domain.errors import PunctualError
from punctual.domain.runs.states import RunState
from punctual.store.calendars.cache import CalendarCache
from punctual.store.ledger.entries import note
from punctual.store.ledger.missed_due_times import with_reasons
from punctual.store.lifecycle.insert import insert_runs
from punctual.store.lifecycle.planning.retry import Failure, set_aside_all, unexpected_error
from punctual.store.lifecycle.planning.share import PlanShare, in_turns
from punctual.store.lifecycle.planning.task import TaskPlan, plan_task, stood_for
from punctual.store.lifecycle.planning.team_waits import TeamWaits

DUE_TASKS = text("""
SELECT id, schedule, schedule_anchor, next_due_at, catch_up, jitter, coalesce(:now, now()) AS now,
       max_runs - planned_runs AS room, team_id, calendars
FROM tasks
WHERE enabled AND deleted_at IS NULL AND next_due_at <= coalesce(:now, now()) + :window
  AND (CAST(:only AS uuid) IS NULL OR id = :only)
  AND team_id <> ALL(CAST(:without AS uuid[]))
ORDER BY next_due_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""")

COUNTS = "enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL"

# The same number of due tasks of every team, found by leaps through an index of teams, and locked
# by their place: joined by id, PostgreSQL goes through the whole batch for each task while it takes
# few to be due. A task that is changed in that very instant is left to the next batch.
DUE_BY_TEAM = text(f"""
WITH RECURSIVE teams AS (
    (SELECT team_id FROM tasks WHERE {COUNTS} ORDER BY team_id LIMIT 1)
    UNION ALL
    SELECT (SELECT team_id FROM tasks WHERE {COUNTS} AND team_id > before.team_id
            ORDER BY team_id LIMIT 1)
    FROM teams AS before WHERE before.team_id IS NOT NULL
), included AS (
    SELECT team_id FROM teams WHERE team_id <> ALL(CAST(:without AS uuid[]))
), picked AS (
    SELECT t.place FROM included AS i CROSS JOIN LATERAL (
        SELECT ctid AS place FROM tasks
        WHERE {COUNTS} AND team_id = i.team_id AND next_due_at <= coalesce(:now, now()) + :window
        ORDER BY next_due_at, id
        LIMIT (SELECT greatest(:limit / greatest(count(team_id), 1), 1) FROM included)
    ) AS t
)
SELECT id, schedule, schedule_anchor, next_due_at, catch_up, jitter, coalesce(:now, now()) AS now,
       max_runs - planned_runs AS room, team_id, calendars
FROM tasks
WHERE ctid = ANY(ARRAY(SELECT place FROM picked)) AND {COUNTS}
  AND next_due_at <= coalesce(:now, now()) + :window
ORDER BY next_due_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""")

MOVE_ON = text("""
UPDATE tasks SET plan_error = NULL, plan_failures = 0,
    planned_runs = tasks.planned_runs + m.planned,
    next_due_at = CASE WHEN tasks.planned_runs + m.planned >= tasks.max_runs THEN NULL
                       ELSE m.next_due_at END
FROM jsonb_to_recordset(CAST(:moves AS jsonb)) AS m (
    id uuid, due_at timestamptz, next_due_at timestamptz, planned integer)
WHERE tasks.id = m.id AND tasks.next_due_at = m.due_at
""")


@dataclass(slots=True)
class Planned:
    """Counts of one batch; `left` tasks are deferred, to be fair to other teams."""

    tasks: int = 0
    runs: int = 0
    missed: int = 0
    left: int = 0
    errors: list[tuple[uuid.UUID, str]] = field(default_factory=list)


def plan(
    connection: Connection,
    *,
    window: timedelta,
    batch_size: int,
    now: datetime | None = None,
    only: uuid.UUID | None = None,
    by_team: bool = False,
    share: PlanShare | None = None,
    calendars: CalendarCache | None = None,
    waits: TeamWaits | None = None,
) -> Planned:
    """Insert the runs of at most `batch_size` tasks, or of `only` one, that are due in the window.

    Teams take turns, and what is over their `share` is left to later batches and passes. Of
    teams that `waits` has as full nothing is planned.
    A task whose due times cannot be computed gets `plan_error`, and stops no other task. Earliest
    first: fewer tasks than `batch_size` in the answer mean that nothing is left. With `by_team`
    every team gets the same share, and fewer tasks mean nothing.
    """
    share = share or PlanShare()
    waits = waits or TeamWaits()
    share.begin_batch()
    params = {
        "window": window,
        "limit": batch_size,
        "now": now,
        "only": only,
        "without": [*share.over, *waits.full],
    }
    tasks = connection.execute(DUE_BY_TEAM if by_team else DUE_TASKS, params).all()
    planned = Planned(tasks=len(tasks))
    wanted = {(task.team_id, name) for task in tasks for name in task.calendars or ()}
    found = (calendars or CalendarCache()).named(connection, wanted, share)
    plans: list[tuple[Row[Any], TaskPlan]] = []
    failures: list[Failure] = []
    for task in in_turns(tasks):
        if share.is_over(task.team_id) and (plans or failures):
            planned.left += 1
            continue
        try:
            own = found.get(task.team_id, {})
            plan_of = plan_task(task, own, horizon=task.now + window)
            plans.append((task, plan_of))
            share.add(task.team_id, plan_of.steps)
        except PunctualError as refused:
            failures.append(Failure(task.id, task.next_due_at, str(refused)))
        except Exception as failure:  # noqa: BLE001 - a bad row must not stop others
            failures.append(Failure(task.id, task.next_due_at, unexpected_error(failure)))
    _insert(connection, plans, planned, waits)
    set_aside_all(connection, failures, now=now)
    planned.errors = [(failed.task_id, failed.error) for failed in failures]
    return planned


def _insert(
    connection: Connection,
    plans: Sequence[tuple[Row[Any], TaskPlan]],
    planned: Planned,
    waits: TeamWaits,
) -> None:
    runs = with_reasons(
        connection,
        [waits.explained(run, task.team_id) for task, one in plans for run in one.runs],
    )
    planned.missed = sum(run.state == RunState.MISSED for run in runs)
    born = set(insert_runs(connection, runs))
    planned.runs = len(born)
    note(connection, [entry for _, one in plans for entry in one.blocked])
    note(connection, [stood_for(run) for run in runs if run.until and run.id in born])
    to_run = RunState.SCHEDULED
    counted = Counter(run.task_id for run in runs if run.state == to_run and run.id in born)
    moves = [
        {
            "id": str(task.id),
            "due_at": task.next_due_at.isoformat(),
            "next_due_at": one.next_due_at.isoformat() if one.next_due_at else None,
            "planned": counted[task.id],
        }
        for task, one in plans
    ]
    if moves:
        connection.execute(MOVE_ON, {"moves": json.dumps(moves)})
