"""Calls of hooks: run a task, and see what has become of that run; the token is in the address."""

import uuid
from collections.abc import Sequence
from typing import Any

import flask
from flask import Response, jsonify, request, url_for

from punctual.domain.errors import InvalidParams
from punctual.domain.links import LinkKind, hook_name
from punctual.domain.runs.params import read_params
from punctual.store.accounts.audit import Actor
from punctual.store.lifecycle.run_now import run_now
from punctual.store.links.opened import OpenedLink
from punctual.store.runs.listing import find_run
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import find_task
from punctual_api.audit.recorder import record
from punctual_api.hooks.params_sent import params_sent
from punctual_api.hooks.schemas import HookRunSchema
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.body_limits import take_body_of_user
from punctual_api.http.context import session, team_id
from punctual_api.http.idempotency import PARAMETER as IDEMPOTENCY_KEY
from punctual_api.http.idempotency import create_once
from punctual_api.http.problems import Fault, Problem, invalid, not_found
from punctual_api.http.request_hooks import made_run
from punctual_api.limits.team_limits import require_room_for_runs
from punctual_api.links.opening import opened
from punctual_api.queues.allowed import require_queue_of

blueprint = Blueprint(
    "hook calls", __name__, url_prefix="/hooks/<token>", description="Run a task by its own address"
)

PAUSED = "The task is paused, and its hooks with it; an operator of its team resumes it."
SEND_POST = (
    "A hook takes POST alone, so that no browser, preview or search engine that follows its"
    " address runs the task."
)

BODY = {
    "required": False,
    "description": 'Values of the task\'s parameters: `{"params": {…}}`, or an object or a form of'
    " which only those fields count that are parameters",
    "content": {"application/json": {"schema": {"type": "object"}}},
}

_run = HookRunSchema()


@blueprint.route("/", methods=["POST"])
@blueprint.doc(parameters=[IDEMPOTENCY_KEY], requestBody=BODY, security=[])
@blueprint.problems(400, 404, 409, 413, 415, 422, 429)
@blueprint.response(202, HookRunSchema)
def run_by_hook(token: str) -> Response:
    """Run the task of this hook, with the values in the body: JSON or a form, or none."""
    hook = opened(LinkKind.HOOK, token)
    take_body_of_user()
    task = (
        find_task(session(), hook.task_id, team_id=team_id(), lock=True) if hook.task_id else None
    )
    if task is None:  # just deleted, or moved to another team
        raise not_found("hook")
    given = params_sent(request, read_params(task.params))

    def create(ids: Sequence[uuid.UUID]) -> Response:
        return _create(hook, task, ids[0], given, token)

    return create_once(
        1,
        create=create,
        again=lambda ids: _answer(ids[0], hook, token, status=202),
        principal_id=hook.id,
        sent=given,
    )


def refuse_get(token: str) -> Response:
    """Say that a hook takes POST."""
    del token
    raise Problem(405, SEND_POST, headers={"Allow": "POST"})


# Flask's own way: it is an error with a better text, and no call for the API's description.
flask.Blueprint.add_url_rule(blueprint, "/", view_func=refuse_get, methods=["GET"])


@blueprint.route("/<uuid:run>/", methods=["GET"])
@blueprint.doc(security=[])
@blueprint.problems(404, 429)
@blueprint.response(200, HookRunSchema)
def get_hook_run(token: str, run: uuid.UUID) -> Response:
    """Read the state of a run that this hook asked for; its output is for the team alone."""
    return _answer(run, opened(LinkKind.HOOK, token), token)


def _create(
    hook: OpenedLink, task: Task, run_id: uuid.UUID, given: dict[str, Any], token: str
) -> Response:
    if not task.enabled:
        raise Problem(409, PAUSED)
    require_queue_of(task)
    require_room_for_runs(task.team_id)
    try:
        run_now(session().connection(), task=task, params=given, run_id=run_id, by=hook.id)
    except InvalidParams as error:
        raise invalid([Fault(f"/params{error.pointer}", error.detail)]) from None
    made_run(run_id)
    record(
        "task",
        task.id,
        task.name,
        after={"run": run_id, "params": given},
        by=Actor(hook.id, hook_name(hook.name), hook.id),
    )
    return _answer(run_id, hook, token, status=202)


def _answer(run_id: uuid.UUID, hook: OpenedLink, token: str, status: int = 200) -> Response:
    run = find_run(session(), run_id, team_id=team_id())
    if run is None or run.triggered_by != hook.id:
        raise not_found("run")
    response = jsonify(_run.dump(run))
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if status == 202:
        here = url_for("hook calls.get_hook_run", token=token, run=run_id)
        response.headers["Location"] = here
    return response
