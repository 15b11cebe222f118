"""Plan one task: the runs of its due times up to a horizon, and the due time after them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from sqlalchemy import Row

from punctual.domain.calendars.calendar import (
    Calendars,
    StoredCalendars,
    readable_calendars,
)
from punctual.domain.errors import Unplannable, Unreadable
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.misfire import catch_up
from punctual.domain.runs.states import RunState
from punctual.domain.schedules.jitter import jittered
from punctual.domain.schedules.moved import moved_due, zones_of
from punctual.domain.schedules.syntax import Schedule, due_times, next_due, only_time, read_schedule
from punctual.store.ledger.calendar_blocks import split_by_calendar
from punctual.store.ledger.entries import LedgerEntry
from punctual.store.lifecycle.insert import NewRun

LATE_AFTER = timedelta(seconds=15)
"""Later than this, a due time counts as left behind by an outage, and `catch_up` decides."""

MOST_DUE_TIMES = 1000
"""The most due times of one task a pass; the next pass goes on from there."""

MOST_MISSED = 100
"""The most missed runs of one task a pass; the oldest then stands for the rest.

In the parts of a long gap it stands for all of them.
"""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """The new runs of one task, the due times that its calendars block, and its next due time.

    `steps` is how many due times were looked at.
    """

    runs: Sequence[NewRun] = ()
    blocked: Sequence[LedgerEntry] = ()
    next_due_at: datetime | None = None
    steps: int = 1


def plan_task(
    task: Row[tuple[object, ...]], own: StoredCalendars, *, horizon: datetime
) -> TaskPlan:
    """Return what becomes of a task's due times from `next_due_at` up to the horizon.

    `own` are its team's calendars. Raises Unplannable for a schedule or a calendar that cannot be
    read.
    """
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    if schedule is None:
        return TaskPlan()
    calendars = readable_calendars(own, task.calendars)
    if isinstance(schedule, Unreadable):
        raise Unplannable(schedule.detail)
    if isinstance(calendars, Unreadable):
        raise Unplannable(calendars.detail)
    once = only_time(schedule)
    if once is None:
        return _of_times(task, schedule, calendars, horizon=horizon)
    _, blocked = split_by_calendar(task.id, [once], calendars)
    if blocked:
        return TaskPlan(blocked=blocked)
    # A time that was past when it was saved is due from then on, and not late.
    due_at = jittered(once, task_id=task.id, seconds=task.jitter)
    return TaskPlan(_runs(task, {max(due_at, task.schedule_anchor): once}))


def _of_times(
    task: Row[tuple[object, ...]], schedule: Schedule, calendars: Calendars, *, horizon: datetime
) -> TaskPlan:
    first = task.next_due_at
    if zones_of(schedule):  # it may have been worked out by other rules than those of now
        first = moved_due(schedule, first, since=task.schedule_anchor)
    if first is None or first > horizon:
        return TaskPlan(next_due_at=first)
    times = _between(schedule, first, horizon)
    policy, most_missed = task.catch_up, MOST_MISSED
    if len(times) == MOST_DUE_TIMES and times[-1] <= task.now - LATE_AFTER:
        # The newest late one, which `latest` runs, is still to come: this part has only missed.
        policy = task.catch_up if task.catch_up == "all" else "none"
        most_missed = 1
    free, blocked = split_by_calendar(task.id, times, calendars)
    runs = _runs(task, _spread(task, free), policy, most_missed=most_missed)
    last = times[-1]
    if task.room is not None:  # those cut off are looked at again, should others have had a run
        last = min(last, max((run.scheduled_for for run in runs), default=last))
    return TaskPlan(runs, blocked, next_due(schedule, after=last), steps=len(times))


def _between(schedule: Schedule, first: datetime, horizon: datetime) -> list[datetime]:
    coming = due_times(schedule, after=first - timedelta(microseconds=1))
    times = list(islice(takewhile(lambda at: at <= horizon, coming), MOST_DUE_TIMES))
    return times or [first]


def _spread(task: Row[tuple[object, ...]], times: list[datetime]) -> dict[datetime, datetime]:
    """Return the due times with jitter for these times, ascending, each with its time."""
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
    """Return runs for due times, each with its time in the schedule, missed ones included."""
    parted = catch_up(policy or task.catch_up, list(scheduled_for), now=task.now, grace=LATE_AFTER)
    # An outage left several that are due at once: with `all`, none is skipped.
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
    shown = [*times[:1], *times[hidden + 1 :]]
    runs = [NewRun(task_id, scheduled_for[at], at, state=RunState.MISSED) for at in shown]
    if hidden:
        until = max(scheduled_for[at] for at in times[: hidden + 1])
        runs[0] = replace(runs[0], until=until, times=hidden + 1)
    return runs


def stood_for(run: NewRun) -> LedgerEntry:
    """Return the ledger's row for a missed run that stands for several due times."""
    return LedgerEntry(
        run.task_id, run.scheduled_for, Reason.MISSED, run.reason, run.id, run.until, run.times
    )
