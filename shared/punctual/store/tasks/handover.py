"""Hand all tasks of a team over to another, with what they need, in one transaction."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from punctual.domain.handover import Along, Uses, what_moves_along
from punctual.domain.runs.states import RunState
from punctual.store.concurrency.usage import mark_limited
from punctual.store.driver.notify import wake_coordinators
from punctual.store.health.locks import lock_health
from punctual.store.lifecycle.turns import deal_turns
from punctual.store.schema.models import CalendarRow, ConcurrencyLimit, Task, Team
from punctual.store.secrets.use import known_names

MOST_TASKS = 10_000
"""Tasks that move in one transaction."""

MOVE_TASKS = text("""
UPDATE tasks SET team_id = :team_id, version = version + 1, updated_at = :now,
                 updated_by = coalesce(:by, updated_by)
WHERE id = ANY(:ids)
""")

COUNT_UNFINISHED = text("""
SELECT count(*) FROM runs WHERE task_id = ANY(CAST(:ids AS uuid[]))
  AND state IN ('scheduled', 'queued', 'claimed', 'running')
""")

# Runs that have ended stay with the team whose runs they were.
MOVE_RUNS = text("""
WITH unfinished AS (
    SELECT id FROM runs WHERE task_id = ANY(:ids)
      AND state IN ('scheduled', 'queued', 'claimed', 'running')
    ORDER BY due_at, id FOR UPDATE
)
UPDATE runs SET team_id = :team_id FROM unfinished WHERE runs.id = unfinished.id
RETURNING runs.queue, runs.state
""")

MOVE = {
    table: text(f"UPDATE {table} SET team_id = :team_id WHERE id = ANY(:ids)")
    for table in ("calendars", "concurrency_limits")
}

TAGS = text("""
SELECT DISTINCT tag FROM tasks CROSS JOIN LATERAL unnest(tags) AS tag
WHERE team_id = :team_id AND deleted_at IS NULL AND tag = ANY(:tags)
""")


@dataclass(frozen=True, slots=True)
class Handover:
    """What moves from one team to another, and what is in the way."""

    tasks: Sequence[Row[*tuple[Any, ...]]]
    unfinished_runs: int
    calendars: Sequence[CalendarRow]
    limits: Sequence[ConcurrencyLimit]
    along: Along

    @property
    def enabled_tasks(self) -> int:
        """Return how many of the tasks are enabled."""
        return sum(task.enabled for task in self.tasks)


def plan_handover(session: Session, old: Team, new: Team) -> Handover:
    """Return what would move, locked for it; at most one task more than MOST_TASKS.

    Lock the edges of both teams before. Calendars are locked ahead of tasks, as their own changes
    do: a task that is saved at the same time either moves along, or does not find the calendar that
    it names.
    """
    teams = [old.id, new.id]
    calendars = session.scalars(
        select(CalendarRow)
        .where(CalendarRow.team_id.in_(teams))
        .order_by(CalendarRow.id)
        .with_for_update()
    ).all()
    limits = session.scalars(
        select(ConcurrencyLimit)
        .where(ConcurrencyLimit.team_id.in_(teams), ConcurrencyLimit.slots.is_(False))
        .order_by(ConcurrencyLimit.id)
        .with_for_update()
    ).all()
    tasks = session.execute(
        select(Task.id, Task.name, Task.enabled, Task.tags, Task.calendars, Task.secrets)
        .where(Task.team_id == old.id, Task.deleted_at.is_(None))
        .order_by(Task.id)
        .limit(MOST_TASKS + 1)
        .with_for_update(key_share=True)
    ).all()
    tags = {tag for task in tasks for tag in task.tags}
    named = {name for task in tasks for name in task.calendars or ()}
    secrets = {name for task in tasks for name in task.secrets or ()}
    known = known_names(session.connection(), team_id=new.id, names=secrets) if secrets else ()
    limited = [limit.tag for limit in limits if limit.team_id == old.id]
    shared = session.execute(TAGS, {"team_id": new.id, "tags": limited}).scalars()
    along = what_moves_along(
        _uses(old, calendars, limits, named=named, tags=tags, secrets=secrets),
        _uses(new, calendars, limits, tags=set(shared), secrets=known),
    )
    own = [row for row in calendars if row.team_id == old.id]
    return Handover(
        tasks,
        count_unfinished(session, *(task.id for task in tasks)),
        [row for row in own if row.name in along.calendars],
        [row for row in limits if row.team_id == old.id and row.tag in along.limits],
        along,
    )


def hand_over(
    session: Session, plan: Handover, new: Team, *, now: datetime, by: uuid.UUID | None
) -> None:
    """Move what a plan of this transaction has."""
    connection, team = session.connection(), {"team_id": new.id}
    for table, rows in (("calendars", plan.calendars), ("concurrency_limits", plan.limits)):
        connection.execute(MOVE[table], {**team, "ids": [row.id for row in rows]})
    ids = {"ids": [task.id for task in plan.tasks], **team}
    connection.execute(MOVE_TASKS, {**ids, "now": now, "by": by})
    moved = connection.execute(MOVE_RUNS, ids).all()
    mark_limited(connection, team_id=new.id)
    queues = sorted({run.queue for run in moved if run.state == RunState.QUEUED})
    if queues:
        deal_turns(connection, queues=queues, teams=[new.id] * len(queues))
    lock_health(connection, [task.id for task in plan.tasks])  # the commit changes their rows
    wake_coordinators(connection)


def count_unfinished(session: Session, *task_ids: uuid.UUID) -> int:
    """Return how many runs of these tasks have not ended."""
    found: int = session.execute(COUNT_UNFINISHED, {"ids": list(task_ids)}).scalar_one()
    return found


def _uses(
    team: Team,
    calendars: Sequence[CalendarRow],
    limits: Sequence[ConcurrencyLimit],
    *,
    named: Collection[str] = (),
    tags: Collection[str] = (),
    secrets: Collection[str] = (),
) -> Uses:
    return Uses(
        team.slug,
        {
            row.name: (row.timezone, row.days, row.windows)
            for row in calendars
            if row.team_id == team.id
        },
        {limit.tag: limit.max_concurrent for limit in limits if limit.team_id == team.id},
        named,
        tags,
        secrets,
    )
