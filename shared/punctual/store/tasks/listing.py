"""List tasks, each with its status, its health, its next run and its last one."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select, true
from sqlalchemy.orm import Session, aliased, defer

from punctual.domain.runs.health import Health
from punctual.domain.runs.states import FINAL, PENDING, RunState
from punctual.store.accounts.team_pages import newest_ids
from punctual.store.alerts.snoozes import IN_FORCE
from punctual.store.schema.models import Run, Task, TaskHealth, TaskSnooze
from punctual.store.schema.models.health import WHILE_NOT_PAUSED
from punctual.store.tasks.with_health import Position, page_with_health, worst_first

IDLE = "idle"
"""The status of a task that has nothing to come and never ran."""

LastRun = aliased(Run, name="last_run")

UNFINISHED = [*PENDING, RunState.RUNNING]

# One look at a task's unfinished runs, of which there are few, through their own partial index.
ahead = (
    select(
        func.bool_or(Run.state == RunState.RUNNING).label("running"),
        func.bool_or(Run.state.in_([RunState.QUEUED, RunState.CLAIMED])).label("queued"),
        func.bool_or(Run.state == RunState.SCHEDULED).label("scheduled"),
        func.min(Run.due_at)
        .filter(Run.attempt == 0, Run.state != RunState.RUNNING)
        .label("next_run_at"),
    )
    .where(Run.task_id == Task.id, Run.state.in_(sorted(UNFINISHED)))
    .correlate(Task)
    .lateral("ahead")
)

newest = (
    select(Run.id)
    .where(
        Run.task_id == Task.id,
        ~Run.superseded,
        or_(Run.attempt > 0, Run.state.in_(sorted(FINAL))),
    )
    .order_by(Run.scheduled_for.desc(), Run.id.desc())
    .limit(1)
    .correlate(Task)
    .lateral("newest")
)

status: ColumnElement[str] = case(
    (~Task.enabled, "paused"),
    (ahead.c.running, "running"),
    (ahead.c.queued, "queued"),
    (or_(ahead.c.scheduled, Task.next_due_at.is_not(None)), "scheduled"),
    else_=func.coalesce(LastRun.state, IDLE),
)

# A pause made by this transaction is not in the row of health before the commit.
health: ColumnElement[str] = case(
    (~Task.enabled, Health.PAUSED),
    else_=func.coalesce(literal_column(f"CASE {WHILE_NOT_PAUSED}"), Health.UNKNOWN),
)

STATUSES = ("scheduled", "queued", "running", *sorted(FINAL), "paused", IDLE)


# Whether its calendars block all that is to come is worked out where a task is answered: then its
# status is what it would be with nothing to come.
may_be_blocked: ColumnElement[bool] = and_(
    status == "scheduled", ahead.c.scheduled.is_not(True), Task.calendars.is_not(None)
)


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task with the state of its runs; `waits` while a run of it is scheduled.

    `snooze` is the one in force.
    """

    task: Task
    status: str
    next_run_at: datetime | None
    last_run: Run | None
    waits: bool = False
    snooze: TaskSnooze | None = None
    health: str = Health.UNKNOWN

    @property
    def status_if_blocked(self) -> str:
        """Return its status if calendars block all future due times, which rows do not show."""
        if self.status != "scheduled" or self.waits:
            return self.status
        return IDLE if self.last_run is None else self.last_run.state


def list_tasks(
    session: Session,
    *,
    team_ids: Sequence[uuid.UUID],
    page_size: int,
    before: Position | None = None,
    status_is: str | None = None,
    health_in: Collection[Health] = (),
    by_health: bool = False,
    tag: str | None = None,
    q: str | None = None,
) -> list[ListedTask]:
    """Return at most `page_size` tasks of the teams that come after `before`, newest first.

    `tag` is one exact tag; `q` is found in a name or a command, in any letter case. `status_is`
    answers those as well that have this status if their calendars block all that is to come.
    `health_in` is any of these; `by_health` has the worst come first, and of each the newest.
    """
    wanted: list[ColumnElement[bool]] = [Task.deleted_at.is_(None)]
    if status_is is not None:
        ended = func.coalesce(LastRun.state, IDLE) == status_is
        wanted.append(or_(status == status_is, and_(may_be_blocked, ended)))
    if tag is not None:
        wanted.append(Task.tags.contains([tag]))
    if q:
        wanted.append(
            or_(Task.name.icontains(q, autoescape=True), Task.command.icontains(q, autoescape=True))
        )
    ids = select(Task.id)
    if status_is is not None:
        ids = _with_runs(ids)
    if by_health or health_in:
        some = ids.where(*wanted)
        listed = worst_first if by_health else page_with_health
        found = listed(
            session, some, team_ids=team_ids, healths=health_in, before=before, page_size=page_size
        )
        return seen_tasks(session, found)
    if before is not None:
        wanted.append(Task.id < before.task_id)
    if len(team_ids) == 1:
        wanted.append(Task.team_id == team_ids[0])
        page = _tasks().where(and_(*wanted)).order_by(Task.id.desc()).limit(page_size)
        return _listed(session, page)
    newest = newest_ids(
        team_ids,
        lambda team: ids.where(Task.team_id == team, *wanted),
        newest_by=["id"],
        page_size=page_size,
    )
    return seen_tasks(session, session.scalars(newest).all())


def seen_tasks(session: Session, ids: Sequence[uuid.UUID]) -> list[ListedTask]:
    """Return these tasks in the order of `ids`, deleted ones included, pruned ones not."""
    found = {seen.task.id: seen for seen in _listed(session, _tasks().where(Task.id.in_(ids)))}
    return [found[task_id] for task_id in ids if task_id in found]


def _tasks() -> Select[Any]:
    tasks = _with_runs(
        select(
            Task,
            status.label("status"),
            case(
                (Task.enabled, func.coalesce(ahead.c.next_run_at, Task.next_due_at)),
                else_=ahead.c.next_run_at,
            ).label("next_run_at"),
            LastRun,
            func.coalesce(ahead.c.scheduled, False),
            TaskSnooze,
            health.label("health"),
        )
    )
    return (
        tasks.outerjoin(TaskSnooze, and_(TaskSnooze.task_id == Task.id, IN_FORCE))
        .outerjoin(TaskHealth, TaskHealth.task_id == Task.id)
        .options(defer(LastRun.spec))
    )


def _with_runs(tasks: Select[Any]) -> Select[Any]:
    """Join what the unfinished runs and the last run of each task say."""
    return (
        tasks.select_from(Task)
        .join(ahead, true())
        .outerjoin(newest, true())
        .outerjoin(LastRun, LastRun.id == newest.c.id)
    )


def _listed(session: Session, statement: Select[Any]) -> list[ListedTask]:
    return [ListedTask(*row) for row in session.execute(statement)]
