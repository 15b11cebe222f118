"""Tasks: listed, created, read, replaced, changed and deleted."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, request, url_for
from marshmallow import ValidationError

from punctual.domain.runs.health import Health
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import find_task
from punctual.store.tasks.listing import seen_tasks
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, team_id
from punctual_api.http.cursors import read_position
from punctual_api.http.idempotency import PARAMETER as IDEMPOTENCY_KEY
from punctual_api.http.idempotency import create_once
from punctual_api.http.problems import Problem, faults_in, invalid, not_found
from punctual_api.tasks.changes import change_own, create_own, delete_own
from punctual_api.tasks.moving import lock_ahead, moved
from punctual_api.tasks.schemas.changes import TaskChangesSchema, TaskReplacementSchema
from punctual_api.tasks.schemas.cross_field_checks import (
    HTTP_TOGETHER,
    TOGETHER,
    check_http,
    check_together,
)
from punctual_api.tasks.schemas.lists import BY_HEALTH, TaskPageSchema, TaskQuerySchema
from punctual_api.tasks.schemas.tasks import NewTaskSchema, TaskSchema
from punctual_api.tasks.serializers import answered, task_answer, task_page
from punctual_api.tasks.task_list import listed_tasks
from punctual_api.tasks.upstreams import refuse_while_followed, upstream_faults

blueprint = Blueprint("tasks", __name__, url_prefix="/api/tasks", description="What to run, when")

IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "description": "Only while the task has this ETag",
    "schema": {"type": "string"},
}


def own_task(task_id: uuid.UUID) -> Task:
    """Return the asker's task, locked for a change; raises Problem 404, and 412 by If-Match."""
    task = find_task(session(), task_id, team_id=team_id(), lock=True)
    if task is None:
        raise not_found("task")
    if "If-Match" in request.headers and not request.if_match.contains_weak(str(task.version)):
        raise Problem(
            412,
            f"The task has changed since: it is at version {task.version}.",
            headers={"ETag": f'"{task.version}"'},
        )
    return task


def changed(task_id: uuid.UUID, values: dict[str, Any]) -> Response:
    """Change the asker's task, and answer it as it is now."""
    if {"team", "after", "calendars"} & {name for name, value in values.items() if value}:
        lock_ahead(values.get("team"))
    task = own_task(task_id)
    before = task.schedule
    if (slug := values.pop("team", None)) is not None:
        values |= moved(task, slug, values)
    if values:
        try:
            if set(TOGETHER) & set(values):  # what is stored already is not judged again
                check_together({**{name: getattr(task, name) for name in TOGETHER}, **values})
            if set(HTTP_TOGETHER) & set(values):
                check_http({**{name: getattr(task, name) for name in HTTP_TOGETHER}, **values})
        except ValidationError as error:
            raise invalid(list(faults_in(error.messages))) from None
        if faults := upstream_faults(values, task_id=task_id):
            raise invalid(faults)
        change_own(task, values)
    else:
        changed_nothing()
    dropped = request.method == "PUT" and before is not None and task.schedule is None
    return task_answer(task_id, warnings=[_dropped(before)] if dropped else ())


def _dropped(schedule: Any) -> str:
    return (
        f"PUT replaced the schedule {json.dumps(schedule)} by none: the task is not due any more."
    )


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401)
@blueprint.arguments(TaskQuerySchema, location="query")
@blueprint.response(200, TaskPageSchema)
def list_own_tasks(args: dict[str, Any]) -> Response:
    """List the tasks of your teams, newest first or worst first."""
    by_health = args["sort"] == BY_HEALTH
    items, more_before = listed_tasks(
        page_size=args["limit"],
        before=read_position(args["cursor"], by_health=by_health),
        status=args["status"],
        healths=[Health(health) for health in args["health"]],
        by_health=by_health,
        tag=args["tag"],
        q=args["q"],
    )
    return task_page(items, more_before=more_before)


@blueprint.route("/", methods=["POST"])
@blueprint.doc(parameters=[IDEMPOTENCY_KEY])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(NewTaskSchema)
@blueprint.response(201, TaskSchema)
def create_task(values: dict[str, Any]) -> Response:
    """Create a task."""
    values.pop("team", None)  # team_id() is that one

    def create(ids: Sequence[uuid.UUID]) -> Response:
        if faults := upstream_faults(values, task_id=None):
            raise invalid(faults)
        return _created(answered(create_own(ids[0], values), status=201), ids[0])

    return create_once(
        1, create=create, again=lambda ids: _created(task_answer(ids[0], 201), ids[0])
    )


def _created(response: Response, task_id: uuid.UUID) -> Response:
    response.headers["Location"] = url_for("tasks.get_task", task_id=task_id)
    return response


@blueprint.route("/<uuid:task_id>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, TaskSchema)
def get_task(task_id: uuid.UUID) -> Response:
    """Read a task."""
    found = seen_tasks(session(), [task_id])
    if not found or found[0].task.team_id != team_id() or found[0].task.deleted_at is not None:
        raise not_found("task")
    # Never 304: the ETag is the version, and what became of the runs does not change that one.
    return answered(found[0], past=True)


@blueprint.route("/<uuid:task_id>/", methods=["PUT"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.problems(400, 401, 403, 404, 412, 413, 415)
@blueprint.arguments(TaskReplacementSchema)
@blueprint.response(200, TaskSchema)
def replace_task(values: dict[str, Any], task_id: uuid.UUID) -> Response:
    """Replace a task, also by its own answer, changed; absent fields get their defaults."""
    return changed(task_id, values)


@blueprint.route("/<uuid:task_id>/", methods=["PATCH"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.problems(400, 401, 403, 404, 412, 413, 415)
@blueprint.arguments(TaskChangesSchema(partial=True))
@blueprint.response(200, TaskSchema)
def patch_task(values: dict[str, Any], task_id: uuid.UUID) -> Response:
    """Change a task; absent fields stay, a schedule is replaced as a whole."""
    return changed(task_id, values)


@blueprint.route("/<uuid:task_id>/", methods=["DELETE"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.problems(401, 403, 404, 409, 412)
@blueprint.response(204)
def delete_own_task(task_id: uuid.UUID) -> None:
    """Delete a task that no other runs after, and cancel its runs; history stays for a while."""
    lock_ahead()
    task = own_task(task_id)
    refuse_while_followed(task_id)
    delete_own(task)
