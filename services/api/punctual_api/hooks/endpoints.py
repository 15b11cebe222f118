"""The hooks of a task: listed, created and ended."""

import uuid
from typing import Any

from flask import Response, jsonify

from punctual.domain.links import LinkKind
from punctual.store.links.changes import list_links
from punctual_api.hooks import changes
from punctual_api.hooks.schemas import CreatedHookSchema, HookPageSchema, NewHookSchema
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.runs.schemas import PageQuerySchema
from punctual_api.tasks.versions import known_task

blueprint = Blueprint("hooks", __name__, url_prefix="/api/tasks/<uuid:task_id>/hooks")

_page, _created = HookPageSchema(), CreatedHookSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, HookPageSchema)
def list_hooks(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """List the hooks of a task, newest first, without their addresses."""
    known_task(task_id)
    size: int = args["limit"]
    before = read_task_cursor(args["cursor"])
    found = list_links(session(), LinkKind.HOOK, limit=size + 1, before=before, task_id=task_id)
    cursor = task_cursor(found[size - 1].id) if len(found) > size else None
    return jsonify(_page.dump({"items": changes.shown(found[:size]), "next_cursor": cursor}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(NewHookSchema)
@blueprint.response(201, CreatedHookSchema)
def create_hook(sent: dict[str, Any], task_id: uuid.UUID) -> Response:
    """Create a hook: an address that runs the task, and which only this answer shows."""
    made, url = changes.create(task_id, **sent)
    [shown] = changes.shown([made])
    response = jsonify(_created.dump({**shown, "url": url}))
    response.status_code = 201
    return response


@blueprint.route("/<uuid:hook_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def end_hook(task_id: uuid.UUID, hook_id: uuid.UUID) -> None:
    """End a hook: its address runs nothing from now on."""
    changes.end(task_id, hook_id)
