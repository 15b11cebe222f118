"""What users do with tasks; API and pages call the same functions, which record it."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from punctual.store.driver.notify import wake_if_due
from punctual.store.schema.models import Task
from punctual.store.tasks import changes as store
from punctual.store.tasks.listing import ListedTask
from punctual_api.audit.recorder import MOST_WITH_VALUES, record, record_many
from punctual_api.http.context import connection, now, session, team_id, team_slug, user_id, window
from punctual_api.limits.team_limits import require_room_for_tasks
from punctual_api.queues.allowed import require_queue, require_queues
from punctual_api.tasks.schemas.tasks import NewTaskSchema


def create_many(ids: Sequence[uuid.UUID], tasks: Sequence[Mapping[str, Any]]) -> None:
    """Save new tasks; raises LimitReached, and pointing into the list those of `create_own`."""
    require_queues(team_id(), tasks)
    require_room_for_tasks(session().connection(), team_id(), len(tasks))
    at = now()
    due = store.create_tasks(
        session(), team_id=team_id(), ids=ids, tasks=tasks, now=at, by=user_id()
    )
    wake_if_due(connection(), due, now=at, window=window())
    _record_created(ids, tasks)


def create_own(task_id: uuid.UUID, values: Mapping[str, Any]) -> ListedTask:
    """Save a new task; raises InvalidCalendar, InvalidSecret, QueueRefused and LimitReached."""
    require_queue(team_id(), values.get("queue"))
    require_room_for_tasks(connection(), team_id())
    at = now()
    created = store.create_one(
        connection(), team_id=team_id(), task_id=task_id, values=values, now=at, by=user_id()
    )
    wake_if_due(connection(), created.next_run_at, now=at, window=window())
    _record_created([task_id], [values])
    return created


def change_own(task: Task, values: Mapping[str, Any]) -> None:
    """Give a task new values; raises InvalidCalendar, InvalidSecret and QueueRefused.

    A move to another team is recorded in both.
    """
    if {"queue", "team_id"} & set(values):
        require_queue(values.get("team_id", task.team_id), values.get("queue", task.queue))
    at, left = now(), task.team_id
    before = _values_of(task, values)
    store.change_task(session(), task, values, now=at, by=user_id())
    wake_if_due(connection(), task.next_due_at, now=at, window=window())
    for team in dict.fromkeys((left, task.team_id)):
        record(
            "task",
            task.id,
            task.name,
            before=before,
            after=_values_of(task, values),
            team=team,
        )


def enable_own(task: Task, *, enabled: bool, until: datetime | None = None) -> None:
    """Pause a task, for good or until a time, or resume it."""
    at, names = now(), ("enabled", "paused_until")
    before = _values_of(task, names)
    store.set_enabled(session(), task, enabled=enabled, now=at, until=until, by=user_id())
    if enabled:
        wake_if_due(connection(), task.next_due_at, now=at, window=window())
    record("task", task.id, task.name, before=before, after=_values_of(task, names))


def delete_own(task: Task) -> None:
    """Delete a task and stop its runs."""
    before = values_before(task)
    store.delete_task(session(), task, now=now(), by=user_id())
    record("task", task.id, task.name, before=before)


def values_before(task: Task) -> dict[str, Any]:
    """Return what a task that is to be deleted has other than a new one, for the audit record."""
    defaults = {**_defaults(), **store.DEFAULTS, "enabled": True, "paused_until": None}
    own = [name for name in defaults if hasattr(task, name)]
    found = _values_of(task, own)
    return {name: value for name, value in found.items() if value != defaults[name]}


def _record_created(ids: Sequence[uuid.UUID], tasks: Sequence[Mapping[str, Any]]) -> None:
    if len(tasks) > MOST_WITH_VALUES:
        record_many("task", ids)
        return
    defaults = _defaults()
    for task_id, values in zip(ids, tasks, strict=True):
        after = {name: value for name, value in values.items() if value != defaults.get(name)}
        record("task", task_id, values["name"], after=after)


@cache
def _defaults() -> Mapping[str, object]:
    loaded = {name: field.load_default for name, field in NewTaskSchema().fields.items()}
    return {name: value() if callable(value) else value for name, value in loaded.items()}


def _values_of(task: Task, names: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return these fields of a task as its answer names them."""
    columns = {"metadata": "meta"}
    found = {name: getattr(task, columns.get(name, name)) for name in names if name != "team_id"}
    if "team_id" in names:
        found["team"] = team_slug(task.team_id)
    return found
