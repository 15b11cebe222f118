"""Versions of a task: listed with what changed, read, and restored."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify
from marshmallow import ValidationError

from punctual.domain.audit.changes import differences
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import find_task
from punctual.store.tasks.versions import Version, find_version, list_versions
from punctual_api.accounts.names import look_up_names, name_of
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import connection, session, team_id, team_slug
from punctual_api.http.cursors import number_cursor, read_number_cursor
from punctual_api.http.problems import Problem, faults_in, invalid, not_found
from punctual_api.runs.schemas import PageQuerySchema
from punctual_api.tasks.endpoints import IF_MATCH, changed, own_task
from punctual_api.tasks.moving import lock_ahead
from punctual_api.tasks.schemas.changes import TaskReplacementSchema
from punctual_api.tasks.schemas.tasks import NewTaskSchema, TaskSchema
from punctual_api.tasks.schemas.versions import (
    VersionDetailSchema,
    VersionPageSchema,
    VersionSchema,
)
from punctual_api.tasks.stored import stored_columns

blueprint = Blueprint("task versions", __name__, url_prefix="/api/tasks/<uuid:task_id>/versions")

DECIDED = sorted(set(NewTaskSchema().fields) & set(TaskSchema().fields) - {"team", "schedule_time"})
"""The fields of a task that its users decide, and that a version restores."""

_decided = TaskSchema(only=DECIDED)
_page, _version, _detail = VersionPageSchema(), VersionSchema(), VersionDetailSchema()


def task_of(version: Version) -> dict[str, Any]:
    """Return a task as it was at a version, as PUT would take it."""
    task = version.task
    columns = {name: getattr(task, name, None) for name in DECIDED}
    shown = {**columns, **stored_columns(task), "command": task.command or None}
    document: dict[str, Any] = _decided.dump(shown)
    return document


def version_documents(versions: Sequence[Version], *, page_size: int) -> list[dict[str, Any]]:
    """Return versions as VersionSchema answers them; each is compared with the one after it."""
    shown = versions[:page_size]
    look_up_names(version.changed_by for version in shown)
    states = [_state(version) for version in versions]
    return [
        {
            "version": version.number,
            "at": version.at,
            "by": name_of(version.changed_by),
            "changes": differences(states[place + 1], states[place])
            if place + 1 < len(states)
            else {},
        }
        for place, version in enumerate(shown)
    ]


def known_task(task_id: uuid.UUID) -> Task:
    """Return the asker's task; raises Problem 404."""
    task = find_task(session(), task_id, team_id=team_id())
    if task is None:
        raise not_found("task")
    return task


def restore(task_id: uuid.UUID, number: int) -> Response:
    """Give a task what it had at a version, as a PUT of that would, and answer it.

    Raises Problem: 409 for the present version, 422 for what is not valid any more.
    """
    lock_ahead()
    task = own_task(task_id)
    version = find_version(connection(), task_id, number)
    if version is None:
        raise not_found("version")
    if task.version == number:
        raise Problem(409, f"The task is at version {number} already.")
    try:
        values = TaskReplacementSchema().load(task_of(version))
    except ValidationError as error:
        raise invalid(list(faults_in(error.messages))) from None
    return changed(task_id, values)


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, VersionPageSchema)
def list_task_versions(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """List the last 200 versions of a task, newest first: who changed what, and when."""
    known_task(task_id)
    size: int = args["limit"]
    before = read_number_cursor(args["cursor"])
    found = list_versions(connection(), task_id, page_size=size + 1, before=before)
    cursor = number_cursor(found[size - 1].number) if len(found) > size else None
    items = version_documents(found, page_size=size)
    return jsonify(_page.dump({"items": items, "next_cursor": cursor}))


@blueprint.route("/<int:number>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, VersionDetailSchema)
def get_task_version(task_id: uuid.UUID, number: int) -> dict[str, Any]:
    """Read a version of a task."""
    known_task(task_id)
    found = list_versions(connection(), task_id, page_size=2, before=number + 1)
    if not found or found[0].number != number:
        raise not_found("version")
    [document] = version_documents(found, page_size=1)
    return {**document, "task": task_of(found[0])}


@blueprint.route("/<int:number>/restore/", methods=["POST"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.problems(401, 403, 404, 409, 412)
@blueprint.response(200, TaskSchema)
def restore_task(task_id: uuid.UUID, number: int) -> Response:
    """Restore what a task was at a version; it becomes a new version, its team and pause stay."""
    return restore(task_id, number)


def _state(version: Version) -> dict[str, Any]:
    """Return all of a version that its users decide."""
    task = version.task
    state = {**task_of(version), "team": team_slug(task.team_id), "enabled": task.enabled}
    return {**state, "paused_until": task.paused_until}
