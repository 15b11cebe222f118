"""The page of one task: when it is due, what it does, and its runs."""

import uuid
from datetime import datetime
from itertools import islice

from flask import Response, request, url_for

from punctual.domain.calendars.calendar import SearchLimit, unblocked
from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import read_schedule
from punctual.store.runs.listing import Position, find_run, list_runs
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import find_task
from punctual.store.tasks.listing import seen_tasks
from punctual.store.tasks.overview import strips
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.calendars.blocks import own_calendars
from punctual_api.http.context import now, session, team_id
from punctual_api.http.problems import not_found
from punctual_api.tasks.interpreters import interpreter_warnings
from punctual_api.tasks.pages.dashboard import STRIP_RUNS, page_before
from punctual_api.tasks.pages.upstream_form import edges_page
from punctual_api.tasks.serializers import MOST_STEPS, task_document, warnings_from_past
from punctual_api.web.page_base import live_page, pages

RUNS_A_PAGE = 25
DUE_TIMES = 5
UPCOMING = 3
"""Upcoming runs in the list: users look for past ones more often."""
LAST_ID = uuid.UUID(int=2**128 - 1)


@pages.get("/task/<uuid:task_id>/")
def show_task(task_id: uuid.UUID) -> Response:
    """One task, and a page of its runs."""
    task = find_task(session(), task_id, team_id=team_id())
    if task is None:
        raise not_found("task")
    [seen] = seen_tasks(session(), [task.id])
    instant = now()
    due = coming(task, now=instant)
    before = _position(page_before())
    if before is None and len(due) >= UPCOMING:
        before = Position(due[UPCOMING - 1], LAST_ID)
    runs = list_runs(
        session(),
        team_ids=[task.team_id],
        task_id=task.id,
        page_size=RUNS_A_PAGE + 1,
        before=before,
    )
    document = task_document(seen, now=instant)
    document["warnings"] += interpreter_warnings(task)
    document["warnings"] += warnings_from_past(task, now=instant)
    look_up_names(run.triggered_by for run in runs)
    own = url_for("pages.show_task", task_id=task.id)
    more = len(runs) > RUNS_A_PAGE
    return live_page(
        "tasks/task",
        task=document,
        coming=due,
        **edges_page(task),
        runs=runs[:RUNS_A_PAGE],
        name_of=name_of,
        strip=strips(session().connection(), task_ids=[task.id], size=STRIP_RUNS)[task.id],
        newest_url=own if "before" in request.args else None,
        older_url=f"{own}?before={runs[RUNS_A_PAGE - 1].id}#history" if more else None,
    )


def coming(task: Task, *, now: datetime) -> list[datetime]:
    """Return the next few due times of a task's schedule."""
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    calendars = own_calendars(task.team_id, task.calendars)
    if schedule is None or isinstance(schedule, Unreadable) or isinstance(calendars, Unreadable):
        return []
    search_limit = SearchLimit(MOST_STEPS)
    free = unblocked(schedule, calendars, after=now, search_limit=search_limit)
    return list(islice(free, DUE_TIMES))


def _position(run_id: uuid.UUID | None) -> Position | None:
    run = run_id and find_run(session(), run_id, team_id=team_id())
    return Position(run.scheduled_for, run.id) if run else None
