"""Run now: at once, or with values that are filled in for the task's parameters."""

import uuid

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from punctual.domain.errors import InvalidParams
from punctual.domain.runs.params import Param, read_params, text_of, typed_value
from punctual.store.lifecycle.run_now import run_now
from punctual.store.schema.models import Task
from punctual_api.audit.recorder import record
from punctual_api.http.context import session, user_id
from punctual_api.http.request_hooks import made_run
from punctual_api.limits.team_limits import require_room_for_runs
from punctual_api.queues.allowed import require_queue_of
from punctual_api.tasks.endpoints import own_task
from punctual_api.web.page_base import page, pages

FIELD = "param-"


@pages.get("/task/<uuid:task_id>/run/")
def run_form(task_id: uuid.UUID) -> Response:
    """The form of a task's parameters."""
    task = own_task(task_id)
    params = read_params(task.params)
    typed = {FIELD + one.name: _shown(one) for one in params}
    return _form(task, params, typed)


@pages.post("/task/<uuid:task_id>/run/")
def run_task(task_id: uuid.UUID) -> AnyResponse:
    """Run a task now, and show that run."""
    task = own_task(task_id)
    params = read_params(task.params)
    typed = {FIELD + one.name: request.form.get(FIELD + one.name, "") for one in params}
    given = {one.name: typed_value(one, typed[FIELD + one.name]) for one in params}
    require_queue_of(task)
    require_room_for_runs(task.team_id)
    try:
        run_id = run_now(session().connection(), task=task, params=given, by=user_id())
    except InvalidParams as error:
        return _form(task, params, typed, {FIELD + error.pointer.strip("/"): error.detail})
    made_run(run_id)
    record("task", task.id, task.name, after={"run": run_id, "params": given})
    return redirect(url_for("pages.show_run", run_id=run_id))


def _shown(param: Param) -> str:
    return "" if param.default is None else text_of(param.default)


def _form(
    task: Task,
    params: tuple[Param, ...],
    typed: dict[str, str],
    errors: dict[str, str] | None = None,
) -> Response:
    status = 422 if errors else 200
    return page(
        "tasks/run_form", status, task=task, params=params, typed=typed, errors=errors or {}
    )
