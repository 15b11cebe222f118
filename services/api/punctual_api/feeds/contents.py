"""The events of a feed."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from punctual.domain.calendars.calendar import Calendar
from punctual.domain.errors import Unreadable
from punctual.domain.feeds.blackouts import FeedCalendar, blackouts
from punctual.domain.feeds.event import FeedEvent
from punctual.domain.feeds.upcoming import MOST_EVENTS, FeedTask, upcoming
from punctual.domain.schedules.syntax import read_schedule
from punctual.domain.wording import run_reason
from punctual.store.calendars.changes import calendars_named, list_calendars
from punctual.store.links.feeds import due_tasks, failures
from punctual_api.calendars.blocks import own_calendars
from punctual_api.http.context import connection, session

PAST = timedelta(days=14)
ENDED = {"failed": "failed", "timed_out": "timed out", "lost": "was lost", "missed": "was missed"}


def events_of(team_ids: Sequence[uuid.UUID], tag: str | None, *, now: datetime) -> list[FeedEvent]:
    """Return failures of the last 14 days, and what is blocked and due in the next 31."""
    gone = failures(connection(), team_ids, tag, since=now - PAST)
    found = [_failure(run) for run in gone]
    tasks = due_tasks(connection(), team_ids, tag)
    names = (
        None
        if tag is None
        else {(task.team_id, name) for task in tasks for name in task.calendars or ()}
    )
    found += blackouts(_calendars(team_ids, names), now=now)
    coming = [task for row in tasks if (task := _task(row)) is not None]
    return found + upcoming(coming, now=now, most=max(MOST_EVENTS - len(found), 0))


def _task(row: Row[Any]) -> FeedTask | None:
    """Return a task whose schedule and calendars can be read."""
    schedule = read_schedule(row.schedule, anchor=row.schedule_anchor)
    calendars = own_calendars(row.team_id, row.calendars)
    if schedule is None or isinstance(schedule, Unreadable) or isinstance(calendars, Unreadable):
        return None
    most = None if row.max_runs is None else max(row.max_runs - row.planned_runs, 0)
    return FeedTask(row.id, row.name, schedule, calendars, row.updated_at, most)


def _calendars(
    team_ids: Sequence[uuid.UUID], names: set[tuple[uuid.UUID, str]] | None
) -> list[FeedCalendar]:
    """Return the calendars of these teams; of a feed with a tag, those that its tasks name."""
    rows = [
        row
        for row in list_calendars(session(), team_ids=team_ids)
        if names is None or (row.team_id, row.name) in names
    ]
    read = calendars_named(connection(), {(row.team_id, row.name) for row in rows})
    found = [(row, read.get(row.team_id, {}).get(row.name)) for row in rows]
    return [
        FeedCalendar(row.id, calendar, row.updated_at)
        for row, calendar in found
        if isinstance(calendar, Calendar)
    ]


def _failure(run: Row[Any]) -> FeedEvent:
    start = run.started_at or run.scheduled_for
    ended = ENDED[run.state]
    if run.state == "failed" and run.exit_code is not None:
        ended += f" with exit code {run.exit_code}"
    return FeedEvent(
        uid=f"{run.id}@punctual",
        summary=f"{run.name} {ended}",
        start=start,
        end=run.finished_at if run.finished_at and run.finished_at > start else None,
        stamp=run.finished_at or run.scheduled_for,
        category="Failure",
        description=run_reason(run.state, run.reason_code, run.reason_args, None) or "",
        path=f"/run/{run.id}/",
    )
