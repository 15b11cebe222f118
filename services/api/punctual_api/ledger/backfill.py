"""Backfill: run past due times that never had a start, with a dry run first."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from flask import Response, jsonify

from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import read_schedule
from punctual.store.ledger.backfill import Missing, backfill, find_missing
from punctual.store.schema.models import Task
from punctual_api.audit.recorder import changed_nothing, record
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import now, session, settings, user_id
from punctual_api.http.problems import Fault, Problem, invalid
from punctual_api.ledger.backfill_schemas import BackfillQuerySchema, BackfillSchema
from punctual_api.limits.team_limits import require_room_for_runs
from punctual_api.queues.allowed import require_queue_of
from punctual_api.tasks.endpoints import own_task

blueprint = Blueprint("backfill", __name__, url_prefix="/api/tasks/<uuid:task_id>/backfill")

_backfill = BackfillSchema()


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 409, 412, 413, 415)
@blueprint.arguments(BackfillQuerySchema)
@blueprint.response(202, BackfillSchema)
@blueprint.alt_response(200, schema=BackfillSchema, description="A dry run: nothing was created")
def backfill_task(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """List the due times that never had a start; with `dry_run: false`, run them now."""
    task, at = own_task(task_id), now()
    missing = missing_of(task, args["start"], args["end"], most=args["limit"], at=at)
    runs: list[uuid.UUID] = []
    if args["dry_run"]:
        changed_nothing()
    else:
        runs = backfill_own(task, missing, at=at)
    document = {"dry_run": args["dry_run"], "due": missing.due, "runs": runs}
    response = jsonify(_backfill.dump({**document, "next_from": missing.next_from}))
    response.status_code = 200 if args["dry_run"] else 202
    return response


def backfill_own(task: Task, missing: Missing, *, at: datetime) -> list[uuid.UUID]:
    """Run these due times of a task; return the runs. Raises QueueRefused, LimitReached."""
    require_queue_of(task)
    require_room_for_runs(task.team_id, len(missing.due))
    runs = backfill(session().connection(), task=task, due=missing.due, now=at, by=user_id())
    span = [missing.due[0], missing.due[-1]] if missing.due else None
    record("task", task.id, task.name, after={"runs": len(runs), "due": span})
    return runs


def missing_of(task: Task, start: datetime, end: datetime, *, most: int, at: datetime) -> Missing:
    """The task's due times without a start, up to `at`; raises Problem 422 for a pruned past."""
    retained_since = at - timedelta(days=settings().retention_days)
    if start < retained_since:
        raise invalid(
            [Fault("/from", "History before this retention has been pruned; choose a later start.")]
        )
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    if isinstance(schedule, Unreadable):
        raise Problem(409, f"Its due times cannot be computed: {schedule.detail}")
    if schedule is None:
        return Missing((), None)
    return find_missing(
        session().connection(),
        task_id=task.id,
        schedule=schedule,
        start=start,
        end=min(end, at),
        most=most,
    )
