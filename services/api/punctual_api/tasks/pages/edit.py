"""Create, change and delete a task by its form, validated by the API's schema."""

import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Response, flash, redirect, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.errors import InvalidCalendar, InvalidSchedule, InvalidSecret
from punctual.domain.runs.limits import LIMITS
from punctual.domain.schedules.preview import Preview
from punctual.domain.schedules.zone import zone_names
from punctual.store.schema.models import Task
from punctual.store.secrets.changes import list_secrets
from punctual.store.tasks.changes import new_task_ids
from punctual_api.accounts.authentication import is_live_part
from punctual_api.http.context import now, session, team_id
from punctual_api.http.problems import Fault, faults_in
from punctual_api.limits.team_limits import LimitReached
from punctual_api.queues.allowed import QueueRefused
from punctual_api.tasks.changes import change_own, create_many, delete_own
from punctual_api.tasks.endpoints import own_task
from punctual_api.tasks.moving import lock_ahead
from punctual_api.tasks.pages.form import (
    FIELDS,
    WHEN,
    blank_form,
    clock_warnings,
    document_from,
    typed_from,
    typed_of,
    typed_when,
)
from punctual_api.tasks.pages.preview import preview_of
from punctual_api.tasks.pages.type_form import BLANK_TYPE
from punctual_api.tasks.schemas.changes import TaskReplacementSchema
from punctual_api.tasks.schemas.http_request import METHODS
from punctual_api.tasks.schemas.tasks import NewTaskSchema
from punctual_api.tasks.upstreams import refuse_while_followed, upstream_faults
from punctual_api.web.form_errors import by_field
from punctual_api.web.form_fields import read_number
from punctual_api.web.page_base import page, pages

UNFOLDED = {*BLANK_TYPE, *WHEN, *LIMITS, "name", "tags", "schedule", "version"} | {
    *("max_retries", "retry_delay", "timeout", "retry_on", "no_retry_on"),
}
"""Fields that a user sees without unfolding the form's part "More"; a new one is folded."""
PARTS = {"at", "cron", "timezone", "every"}
MAX_DELAY_SECONDS = 3600
CHANGED = (
    "This task has changed since you opened it. What you typed is kept here; save it again to "
    "replace the newer version, or cancel to see that one."
)


@pages.route("/task/create/", methods=["GET", "POST"])
def create_task() -> AnyResponse:
    """A new task."""
    if request.method != "POST":
        return _form("New task", blank_form(), fresh=True)
    typed, instant = typed_from(request.form), now()
    if "preview" in request.form:
        return _previewed("New task", typed)
    document, faults = document_from(typed, now=instant, delay_seconds=_delay_seconds())
    values, faults = _checked(document, faults, task_id=None)
    if faults:
        return _form("New task", typed, faults)
    [task_id] = ids = new_task_ids(1)
    try:
        create_many(ids, [values])
    except (InvalidCalendar, InvalidSecret, QueueRefused) as error:
        return _form("New task", typed, [_fault_of(error)])
    except LimitReached as reached:
        return _form("New task", typed, status=422, message=str(reached.description))
    flash("The task is saved.")
    _warn_of_clocks(typed)
    return redirect(url_for("pages.show_task", task_id=task_id))


@pages.route("/task/<uuid:task_id>/update/", methods=["GET", "POST"])
def update_task(task_id: uuid.UUID) -> AnyResponse:
    """Change a task, unless it was changed since its form was opened."""
    if request.method == "POST" and "preview" not in request.form:
        lock_ahead()
    task = own_task(task_id)
    heading = f"Edit {task.name}"
    if request.method != "POST":
        return _form(heading, typed_of(task), task=task)
    typed, instant = typed_from(request.form, task), now()
    if "preview" in request.form:
        return _previewed(heading, typed, task)
    if typed["version"] != str(task.version):
        typed["version"] = str(task.version)
        return _form(heading, typed, task=task, status=412, message=CHANGED)
    warned = typed_when(typed) != typed_when(typed_of(task))
    document, faults = document_from(typed, now=instant, task=task)
    values, faults = _checked(document, faults, task_id=task_id)
    if faults:
        return _form(heading, typed, faults, task=task)
    try:
        change_own(task, values)
    except (InvalidCalendar, InvalidSecret, QueueRefused) as error:
        return _form(heading, typed, [_fault_of(error)], task=task)
    flash("The changes are saved.")
    if warned:
        _warn_of_clocks(typed)
    return redirect(url_for("pages.show_task", task_id=task_id))


@pages.route("/task/<uuid:task_id>/delete/", methods=["GET", "POST"])
def delete_task_page(task_id: uuid.UUID) -> AnyResponse:
    """Delete a task, after a confirmation."""
    if request.method == "POST":
        lock_ahead()
    task = own_task(task_id)
    if request.method != "POST":
        return page("tasks/task_delete", task=task)
    refuse_while_followed(task_id)
    delete_own(task)
    flash("The task is deleted.")
    return redirect(url_for("pages.dashboard"))


def _fault_of(error: InvalidCalendar | InvalidSecret | QueueRefused) -> Fault:
    if isinstance(error, QueueRefused):
        return Fault("/queue", error.faults[0].detail)
    return _in_form(Fault(error.pointer, error.detail))


def _warn_of_clocks(typed: Mapping[str, str]) -> None:
    for warning in clock_warnings(typed):
        flash(warning, "warn")


def _delay_seconds() -> float | None:
    if request.form.get("kind") != "soon":
        return None
    seconds = read_number(request.form.get("soon", ""))
    known = isinstance(seconds, int | float) and 0 <= seconds <= MAX_DELAY_SECONDS
    return float(seconds) if known else None


def _checked(
    document: dict[str, Any], faults: list[Fault], *, task_id: uuid.UUID | None
) -> tuple[dict[str, Any], list[Fault]]:
    try:
        schema = NewTaskSchema() if task_id is None else TaskReplacementSchema()
        values = schema.load(document)
    except ValidationError as error:
        return {}, [*faults, *map(_in_form, faults_in(error.messages))]
    return values, [*faults, *upstream_faults(values, task_id=task_id)]


def _in_form(fault: Fault) -> Fault:
    """Return a fault of the API's document where the form has the field."""
    is_body = fault.pointer.endswith("/http/body")
    return fault._replace(pointer="/http_body") if is_body else fault


def _previewed(heading: str, typed: Mapping[str, str], task: Task | None = None) -> Response:
    """Return the form with its preview; only the preview for htmx, while it is typed."""
    seen = preview_of(typed, now=now(), task=task)
    if is_live_part(request):
        return page("tasks/task_preview", previewed=seen)
    if isinstance(seen, InvalidSchedule):
        return _form(heading, typed, [Fault(seen.pointer, seen.detail)], task=task)
    return _form(heading, typed, task=task, previewed=seen)


def _form(
    heading: str,
    typed: Mapping[str, str],
    faults: list[Fault] | None = None,
    *,
    task: Task | None = None,
    fresh: bool = False,
    status: int = 200,
    message: str = "",
    previewed: Preview | None = None,
) -> Response:
    kind = typed["kind"] if typed["kind"] != "soon" else "at"
    # What is wrong within a list has no field of its own.
    errors, others = by_field(faults or (), FIELDS - PARTS if kind == "several" else FIELDS)
    return page(
        "tasks/task_form",
        422 if faults else status,
        heading=heading,
        task=task,
        typed={**typed, "kind": kind},
        errors=errors,
        others=others,
        message=message or ("Please correct what is marked." if faults else ""),
        fresh=fresh,
        previewed=previewed,
        open=bool(set(errors) - UNFOLDED),
        limited=any(typed[name] for name in LIMITS),
        secrets=[secret.name for secret in list_secrets(session(), team_ids=[team_id()])],
        zones=_zones(),
        methods=[(method, method) for method in METHODS],
        priorities=[(str(number), str(number)) for number in range(9, -1, -1)],
    )


@cache
def _zones() -> list[str]:
    """UTC and the zones that are named after places."""
    places = (name for name in zone_names() if "/" in name)
    return ["UTC", *sorted(name for name in places if not name.startswith(("Etc/", "SystemV/")))]
