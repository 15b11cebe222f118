"""Tasks as they are answered: their columns, and what follows from them and from their runs."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, jsonify

from punctual.domain.calendars.calendar import SearchLimit, next_unblocked
from punctual.domain.commands.http_params import unused_params
from punctual.domain.commands.shell_advice import shell_warnings
from punctual.domain.errors import Unreadable
from punctual.domain.runs.params import read_params
from punctual.domain.runs.retry import RetryPolicy
from punctual.domain.runs.states import Overlap
from punctual.domain.runs.waiting import Hindrance
from punctual.domain.schedules.advice import schedule_warnings, shortest_interval, start_of_day
from punctual.domain.schedules.advice_history import past_warnings
from punctual.domain.schedules.advice_retry import retry_warnings
from punctual.domain.schedules.jitter import jittered
from punctual.domain.schedules.preview import ALL_BLOCKED
from punctual.domain.schedules.syntax import Schedule, next_due, read_schedule
from punctual.domain.wording import clause, run_reason
from punctual.store.runs.blocked_by import hindrances
from punctual.store.runs.listing import find_run
from punctual.store.runs.run_history import past_of_task
from punctual.store.schema.models import Run, Task
from punctual.store.tasks.listing import ListedTask, seen_tasks
from punctual.store.tasks.with_health import Position
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.alerts.snoozes import shown_snooze
from punctual_api.calendars.blocks import own_calendars
from punctual_api.http.context import now, session, team_id, team_slug
from punctual_api.http.cursors import position_cursor, run_cursor
from punctual_api.http.problems import not_found
from punctual_api.runs.schemas import RunSchema
from punctual_api.tasks.interpreters import interpreter_warnings
from punctual_api.tasks.schemas.limits import chosen_timeout
from punctual_api.tasks.schemas.task_types import type_of
from punctual_api.tasks.schemas.tasks import TaskSchema
from punctual_api.tasks.stored import stored_columns

MOST_STEPS = 200
"""A list answers a hundred tasks: none of them has its calendars searched for longer."""

STOPPED = (
    f"Its calendars block its due times for long: its next run was not found in {MOST_STEPS} steps"
    " over blocked times."
)

COMPUTED = ("team", "triggered_by", "waiting_for")
"""Fields of an answered run that are more than its columns."""

_task = TaskSchema()
_COLUMNS = tuple(name for name in Task.__mapper__.column_attrs.keys() if name in _task.fields)  # noqa: SIM118 - no mapping
"""The columns that are answered under their own names."""
_run = RunSchema()


def task_document(listed: ListedTask, *, now: datetime) -> dict[str, Any]:
    """What TaskSchema answers of a task."""
    task, last = listed.task, listed.last_run
    next_run_at, warnings = _next_run_at(listed), task_warnings(task, now=now)
    all_blocked = next_run_at is None and ALL_BLOCKED in warnings
    status = listed.status_if_blocked if all_blocked else listed.status
    return {
        **{name: getattr(task, name) for name in _COLUMNS},
        "command": task.command or None,
        "team": team_slug(task.team_id),
        "created_by": name_of(task.created_by),
        "updated_by": name_of(task.updated_by),
        "type": type_of(task),
        **stored_columns(task),
        "status": status,
        "health": listed.health,
        "paused_until": None if task.enabled else task.paused_until,
        "snooze": shown_snooze(listed.snooze),
        "next_run_at": next_run_at,
        "last_run": last,
        "retries": 0 if last is None else max(last.attempt - 1, 0),
        "warnings": warnings,
    }


def status_of(listed: ListedTask, *, now: datetime) -> str:
    """Return the status that a task answers, without the rest of its answer."""
    if listed.status == listed.status_if_blocked or not listed.task.calendars:
        return listed.status
    status: str = task_document(listed, now=now)["status"]
    return status


def _next_run_at(listed: ListedTask) -> datetime | None:
    task, at = listed.task, listed.next_run_at
    if at is None or at != task.next_due_at:  # a planned run's own due time is spread already
        return at
    if task.calendars:
        schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
        calendars = own_calendars(task.team_id, task.calendars)
        if isinstance(schedule, Unreadable) or isinstance(calendars, Unreadable):
            return None
        after, search_limit = at - timedelta(microseconds=1), SearchLimit(MOST_STEPS)
        at = next_unblocked(schedule, calendars, after=after, search_limit=search_limit)
        if at is None:
            return None
    return jittered(at, task_id=task.id, seconds=task.jitter)


def task_warnings(task: Task, *, now: datetime) -> list[str]:
    """What users should know about a task's schedule and its command."""
    errors = [] if task.plan_error is None else [f"It could not be planned: {task.plan_error}"]
    if task.max_runs is not None and task.planned_runs >= task.max_runs:
        errors.append(f"It has had its {task.max_runs} runs (max_runs): not due any more.")
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    if isinstance(schedule, Unreadable):
        return errors or [f"It could not be planned: {schedule.detail}"]
    if task.calendars and next_due(schedule, after=now) is not None:
        calendars = own_calendars(task.team_id, task.calendars)
        if isinstance(calendars, Unreadable):
            errors = errors or [f"It could not be planned: {calendars.detail}"]
        else:
            search_limit = SearchLimit(MOST_STEPS)
            if next_unblocked(schedule, calendars, after=now, search_limit=search_limit) is None:
                errors.append(STOPPED if search_limit.reached else ALL_BLOCKED)
    # Overlapping runs are no surprise to a team who allows them.
    timeout = None if task.overlap == Overlap.ALLOW else chosen_timeout(task.timeout)
    return [
        *errors,
        *schedule_warnings(schedule, now=now, timeout=timeout),
        *_retry_warnings(task, schedule, now),
        *shell_warnings(task.command),
        *_unused(task),
    ]


def _unused(task: Task) -> Iterable[str]:
    names = [param.name for param in read_params(task.params)] if task.http else ()
    for name in unused_params(task.http, names):
        yield f"The request does not name the parameter {name} ($PARAM_{name.upper()}): no effect."


def _retry_warnings(task: Task, schedule: Schedule | None, now: datetime) -> Iterable[str]:
    if schedule is None or not task.max_retries or task.overlap == Overlap.ALLOW:
        return ()
    policy = RetryPolicy(task.max_retries, task.retry_delay, task.retry_delay_max)
    shortest = shortest_interval(schedule, start_of_day(now))
    return retry_warnings(policy, overlap=Overlap(task.overlap), shortest=shortest)


def warnings_from_past(task: Task, *, now: datetime) -> list[str]:
    """What the task's runs and its team's other tasks say; two statements, so for one task."""
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    if schedule is None or isinstance(schedule, Unreadable):
        return []
    past = past_of_task(session().connection(), task.id)
    shortest = shortest_interval(schedule, start_of_day(now))
    return list(past_warnings(past, shortest=shortest, jitter=task.jitter))


def task_answer(task_id: uuid.UUID, status: int = 200, *, warnings: Iterable[str] = ()) -> Response:
    """One task with its ETag, and more warnings of this answer alone; 404 when it is gone."""
    seen = seen_tasks(session(), [task_id])
    if not seen:
        raise not_found("task")
    return answered(seen[0], status=status, past=True, warnings=warnings)


def answered(
    seen: ListedTask, status: int = 200, *, past: bool = False, warnings: Iterable[str] = ()
) -> Response:
    """Answer a task with its ETag; with `past`, include warnings from its history."""
    at = now()
    document = task_document(seen, now=at)
    document["warnings"] += [*warnings, *interpreter_warnings(seen.task)]
    if past:
        document["warnings"] += warnings_from_past(seen.task, now=at)
    _show_last_runs([document])
    response = jsonify(document)
    response.status_code = status
    response.set_etag(str(seen.task.version))
    return response


def task_page(items: Sequence[dict[str, Any]], *, more_before: Position | None) -> Response:
    """Return a page of tasks; the next one, if any, goes on after that position."""
    cursor = None if more_before is None else position_cursor(more_before)
    _show_last_runs(items)
    return jsonify({"items": items, "next_cursor": cursor})


def _show_last_runs(tasks: Sequence[dict[str, Any]]) -> None:
    """Have the last run of each task say what it waits for, if it does."""
    last = [task for task in tasks if task["last_run"] is not None]
    shown = run_documents([task["last_run"] for task in last]) if last else []
    for task, document in zip(last, shown, strict=True):
        task["last_run"] = document


def run_answer(run_id: uuid.UUID, *, status: int) -> Response:
    """One of the asker's runs; 404 when it is gone."""
    run = find_run(session(), run_id, team_id=team_id())
    if run is None:
        raise not_found("run")
    [document] = run_documents([run])
    response = jsonify(document)
    response.status_code = status
    return response


def run_documents(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return each run as RunSchema answers it; one query finds what they wait for."""
    found = hindrances(session().connection(), runs)
    look_up_names(run.triggered_by for run in runs)
    return [
        {
            **(shown := {name: getattr(run, name) for name in _run.fields if name not in COMPUTED}),
            "team": team_slug(run.team_id) or None,
            "triggered_by": name_of(run.triggered_by),
            "reason": reason_of(shown),
            "waiting_for": _waiting_for(found.get(run.id)),
        }
        for run in runs
    ]


def reason_of(shown: Mapping[str, Any]) -> str | None:
    """Return the reason of a run or an attempt as a sentence, times in UTC and runs by id."""
    return run_reason(shown["state"], shown["reason_code"], shown["reason_args"], shown["reason"])


def _waiting_for(found: Hindrance | None) -> dict[str, Any] | None:
    reason = None if found is None else found.reason
    if reason is None:
        return None
    return {"code": reason.code, "args": reason.args, "sentence": clause(reason)}


def run_page(runs: Sequence[Run], *, page_size: int) -> Response:
    """Return a page of runs; `runs` has one more when there is a next page."""
    shown = runs[:page_size]
    cursor = run_cursor(shown[-1].scheduled_for, shown[-1].id) if len(runs) > page_size else None
    return jsonify({"items": run_documents(shown), "next_cursor": cursor})
