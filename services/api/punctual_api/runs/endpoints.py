"""Runs: listed, read with their attempts, cancelled, retried."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response

from punctual.domain.errors import InvalidParams
from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.run_now import retry_run
from punctual.store.runs.listing import attempts_of, find_run, list_runs
from punctual.store.schema.models import Run, Task
from punctual.store.tasks.changes import find_task
from punctual_api.audit.recorder import record
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, team_id, team_ids, user_id
from punctual_api.http.cursors import read_run_cursor
from punctual_api.http.idempotency import PARAMETER as IDEMPOTENCY_KEY
from punctual_api.http.idempotency import create_once
from punctual_api.http.problems import Problem, not_found
from punctual_api.http.request_hooks import made_run
from punctual_api.limits.team_limits import require_room_for_runs
from punctual_api.queues.allowed import require_queue_of
from punctual_api.runs.schemas import (
    RunDetailSchema,
    RunPageSchema,
    RunSchema,
    RunsQuerySchema,
)
from punctual_api.tasks.serializers import reason_of, run_answer, run_documents, run_page

blueprint = Blueprint("runs", __name__, url_prefix="/api/runs", description="What became of it")


def own_run(run_id: uuid.UUID) -> Run:
    """Return the asker's run; raises Problem 404."""
    run = find_run(session(), run_id, team_id=team_id())
    if run is None:
        raise not_found("run")
    return run


def _why_without_task(run: Run) -> str:
    task = session().get(Task, run.task_id)
    if task is None or task.deleted_at is not None:
        return "Its task was deleted."
    return "Its task is in another team now. Run the task there."


def record_run(run: Run, *, after: dict[str, Any] | None = None) -> None:
    """Record what this request does to a run, by the name of its task."""
    task = find_task(session(), run.task_id, team_id=team_id(), deleted=True)
    record("run", run.id, None if task is None else task.name, after=after)


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401)
@blueprint.arguments(RunsQuerySchema, location="query")
@blueprint.response(200, RunPageSchema)
def list_own_runs(args: dict[str, Any]) -> Response:
    """List the runs of your teams, newest due time first."""
    runs = list_runs(
        session(),
        team_ids=team_ids(),
        page_size=args["limit"] + 1,
        before=read_run_cursor(args["cursor"]),
        state=args["state"],
        task_id=args["task"],
        since=args["since"],
    )
    return run_page(runs, page_size=args["limit"])


@blueprint.route("/<uuid:run_id>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, RunDetailSchema)
def get_run(run_id: uuid.UUID) -> dict[str, Any]:
    """Read a run with its attempts."""
    return run_detail(own_run(run_id))


def run_detail(run: Run) -> dict[str, Any]:
    """What RunDetailSchema answers of a run."""
    [shown] = run_documents([run])
    attempts = [
        {**attempt, "reason": reason_of(attempt)} for attempt in attempts_of(session(), run)
    ]
    return {**shown, "attempts": attempts}


@blueprint.route("/<uuid:run_id>/cancel/", methods=["POST"])
@blueprint.problems(401, 403, 404, 409)
@blueprint.response(202, RunSchema)
def cancel_own_run(run_id: uuid.UUID) -> dict[str, Any]:
    """Cancel a run: one that has not started ends at once, a running one is killed."""
    outcome = cancel_run(session().connection(), run_id=run_id, team_id=team_id())
    run = own_run(run_id)
    if outcome == "final":
        raise Problem(409, f"This run has ended already: it is {run.state}.")
    record_run(run)
    [shown] = run_documents([run])
    return shown


@blueprint.route("/<uuid:run_id>/retry/", methods=["POST"])
@blueprint.doc(parameters=[IDEMPOTENCY_KEY])
@blueprint.problems(401, 403, 404, 409, 422)
@blueprint.response(202, RunSchema)
def retry_own_run(run_id: uuid.UUID) -> Response:
    """Run a final run's task again, as the task is now, with the run's values; answers that run."""
    run = own_run(run_id)
    task = find_task(session(), run.task_id, team_id=team_id())
    if task is None:
        raise Problem(409, _why_without_task(run))

    def create(ids: Sequence[uuid.UUID]) -> Response:
        require_queue_of(task)
        require_room_for_runs(task.team_id)
        try:
            made = retry_run(
                session().connection(), task=task, run=run, run_id=ids[0], by=user_id()
            )
        except InvalidParams as error:
            raise Problem(409, f"Its task needs other values by now: {error}") from None
        if made is None:
            raise Problem(409, f"This run has not ended yet: it is {run.state}.")
        made_run(made)
        record_run(run, after={"run": made})
        return run_answer(made, status=202)

    return create_once(1, create=create, again=lambda ids: run_answer(ids[0], status=202))
