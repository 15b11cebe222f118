"""Outages: list them, report what became of due times, and backfill them."""

import uuid
from datetime import timedelta
from typing import Any

from flask import Response, jsonify
from sqlalchemy import select

from punctual.store.outages.backfill import Backfilled, backfill_outage
from punctual.store.outages.outages import Gap, find_outage, list_outages, tasks_in_outage
from punctual.store.schema.models import Task
from punctual_api.audit.recorder import changed_nothing, record
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import now, session, settings, team_ids, user_id
from punctual_api.http.problems import Fault, invalid, not_found
from punctual_api.limits.team_limits import check_runs_made
from punctual_api.outages.schemas import (
    MOST_RUNS,
    OutageBackfillQuerySchema,
    OutageBackfillSchema,
    OutagePageSchema,
    OutageReportSchema,
    OutagesQuerySchema,
    outage_document,
    report_document,
)

blueprint = Blueprint("outages", __name__, url_prefix="/api/outages")

_page, _report, _made = OutagePageSchema(), OutageReportSchema(), OutageBackfillSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401)
@blueprint.arguments(OutagesQuerySchema, location="query")
@blueprint.response(200, OutagePageSchema)
def list_own_outages(args: dict[str, Any]) -> Response:
    """List the times without a coordinator, newest first, with your due times in them."""
    found = list_outages(session().connection(), team_ids=team_ids(), page_size=args["limit"])
    return jsonify(_page.dump({"items": [outage_document(outage) for outage in found]}))


@blueprint.route("/<uuid:outage_id>/", methods=["GET"])
@blueprint.problems(401, 404)
@blueprint.response(200, OutageReportSchema)
def get_outage(outage_id: uuid.UUID) -> Response:
    """Report what became of your due times in one outage, task by task."""
    gap = known_outage(outage_id)
    tasks = tasks_in_outage(session().connection(), gap, team_ids=team_ids())
    return jsonify(_report.dump(report_document(gap, tasks)))


@blueprint.route("/<uuid:outage_id>/backfill/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(OutageBackfillQuerySchema)
@blueprint.response(202, OutageBackfillSchema)
def backfill_own_outage(args: dict[str, Any], outage_id: uuid.UUID) -> Response:
    """Run the missed due times of the chosen tasks now; a repeated call runs none twice."""
    gap = known_outage(outage_id)
    made = run_missed(gap, args["tasks"], most=args["limit"])
    tasks = [{"task_id": task, "runs": runs} for task, runs in made.runs.items()]
    response = jsonify(_made.dump({"tasks": tasks, "more": made.more}))
    response.status_code = 202
    return response


def known_outage(outage_id: uuid.UUID) -> Gap:
    """That outage; raises Problem 404."""
    gap = find_outage(session().connection(), outage_id)
    if gap is None:
        raise not_found("outage")
    return gap


def run_missed(gap: Gap, tasks: list[uuid.UUID] | None, *, most: int = MOST_RUNS) -> Backfilled:
    """Backfill the asker's tasks, all with None.

    Raises Problem 422 for one that was not due, and LimitReached.
    """
    if tasks is not None:
        was_due = {
            task.task_id
            for task in tasks_in_outage(session().connection(), gap, team_ids=team_ids())
        }
        strangers = [place for place, task in enumerate(tasks) if task not in was_due]
        if strangers:
            detail = "No task of yours that was due in this outage."
            raise invalid([Fault(f"/tasks/{place}", detail) for place in strangers])
    made = backfill_outage(
        session(),
        gap,
        team_ids=team_ids(),
        tasks=tasks,
        most=most,
        keep=timedelta(days=settings().retention_days),
        now=now(),
        by=user_id(),
    )
    _record(gap, made)
    return made


def _record(gap: Gap, made: Backfilled) -> None:
    """Record the backfill with each task that had runs made; raises LimitReached."""
    counts = {task: len(runs) for task, runs in made.runs.items() if runs}
    if not counts:
        changed_nothing()
        return
    tasks = session().scalars(select(Task).where(Task.id.in_(counts))).all()
    check_runs_made({task.team_id for task in tasks})
    for task in tasks:
        after = {"runs": counts[task.id], "outage": gap.id}
        record("task", task.id, task.name, after=after, team=task.team_id)
