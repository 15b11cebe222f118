"""More actions on a task: run now, pause, resume, list its runs."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response

from punctual.domain.alerts.snooze import Snooze
from punctual.domain.errors import InvalidParams
from punctual.store.lifecycle.run_now import run_now
from punctual.store.runs.listing import list_runs
from punctual.store.tasks.changes import find_task
from punctual_api.alerts.snoozes import snooze_own
from punctual_api.audit.recorder import record
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import now, session, team_id, user_id
from punctual_api.http.cursors import read_run_cursor
from punctual_api.http.idempotency import PARAMETER as IDEMPOTENCY_KEY
from punctual_api.http.idempotency import create_once
from punctual_api.http.problems import Fault, invalid, not_found
from punctual_api.http.request_hooks import made_run
from punctual_api.limits.team_limits import require_room_for_runs
from punctual_api.queues.allowed import require_queue_of
from punctual_api.runs.schemas import (
    RunNowSchema,
    RunPageSchema,
    RunSchema,
    TaskRunsQuerySchema,
)
from punctual_api.tasks.changes import enable_own
from punctual_api.tasks.endpoints import IF_MATCH, own_task
from punctual_api.tasks.schemas.pauses import PauseSchema
from punctual_api.tasks.schemas.snoozes import SnoozeChangeSchema
from punctual_api.tasks.schemas.tasks import TaskSchema
from punctual_api.tasks.serializers import run_answer, run_page, task_answer

blueprint = Blueprint("task verbs", __name__, url_prefix="/api/tasks/<uuid:task_id>")


@blueprint.route("/run/", methods=["POST"])
@blueprint.doc(parameters=[IDEMPOTENCY_KEY])
@blueprint.problems(400, 401, 403, 404, 412, 413, 415)
@blueprint.arguments(RunNowSchema, required=False)
@blueprint.response(202, RunSchema)
def run_task(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """Run a task now, also while it is paused."""
    task = own_task(task_id)

    def create(ids: Sequence[uuid.UUID]) -> Response:
        require_queue_of(task)
        require_room_for_runs(task.team_id)
        try:
            run_now(
                session().connection(),
                task=task,
                params=args["params"],
                run_id=ids[0],
                by=user_id(),
            )
        except InvalidParams as error:
            raise invalid([Fault(f"/params{error.pointer}", error.detail)]) from None
        made_run(ids[0])
        record("task", task.id, task.name, after={"run": ids[0], "params": args["params"]})
        return run_answer(ids[0], status=202)

    return create_once(1, create=create, again=lambda ids: run_answer(ids[0], status=202))


@blueprint.route("/pause/", methods=["POST"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.problems(400, 401, 403, 404, 412, 413, 415)
@blueprint.arguments(PauseSchema, required=False)
@blueprint.response(200, TaskSchema)
def pause_task(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """Pause a task, for good or until a time: it starts no run and no retry by itself."""
    task, at, until = own_task(task_id), now(), args["until"]
    if until is not None and until <= at:
        raise invalid([Fault("/until", "A pause must end in the future.")])
    enable_own(task, enabled=False, until=until)
    return task_answer(task_id)


@blueprint.route("/resume/", methods=["POST"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.problems(401, 403, 404, 412)
@blueprint.response(200, TaskSchema)
def resume_task(task_id: uuid.UUID) -> Response:
    """Resume a paused task; what came due during the pause is not caught up."""
    enable_own(own_task(task_id), enabled=True)
    return task_answer(task_id)


@blueprint.route("/snooze/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 412, 413, 415)
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.arguments(SnoozeChangeSchema)
@blueprint.response(200, TaskSchema)
def snooze_task(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """Send no alerts of a task until a time, or until it is ok; its runs and its health go on."""
    wanted = args["until_ok"] or args["until"] is not None
    snooze_own(own_task(task_id), Snooze(args["until"]) if wanted else None)
    return task_answer(task_id)


@blueprint.route("/runs/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.arguments(TaskRunsQuerySchema, location="query")
@blueprint.response(200, RunPageSchema)
def list_task_runs(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """List the runs of a task, newest due time first; those of a deleted one stay for a while."""
    if find_task(session(), task_id, team_id=team_id(), deleted=True) is None:
        raise not_found("task")
    runs = list_runs(
        session(),
        team_ids=[team_id()],
        task_id=task_id,
        page_size=args["limit"] + 1,
        before=read_run_cursor(args["cursor"]),
        state=args["state"],
        since=args["since"],
    )
    return run_page(runs, page_size=args["limit"])
