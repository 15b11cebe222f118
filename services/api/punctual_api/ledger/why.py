"""Why: what became of a due time, in one sentence and the facts behind it."""

import uuid
from dataclasses import fields
from datetime import timedelta
from typing import Any

from punctual.store.ledger.why import why
from punctual.store.tasks.changes import find_task
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import now, session, settings, team_id
from punctual_api.http.problems import not_found
from punctual_api.ledger.reason_schemas import WhyQuerySchema, WhySchema
from punctual_api.tasks.serializers import run_documents

blueprint = Blueprint("why", __name__, url_prefix="/api/tasks/<uuid:task_id>/why")


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.arguments(WhyQuerySchema, location="query")
@blueprint.response(200, WhySchema)
def explain_task(args: dict[str, Any], task_id: uuid.UUID) -> dict[str, Any]:
    """Explain what became of the due time at or nearest before an instant."""
    task = find_task(session(), task_id, team_id=team_id())
    if task is None:
        raise not_found("task")
    at = now()
    keep = timedelta(days=settings().retention_days)
    answer = why(session(), task, at=args["at"] or at, keep=keep, now=at)
    run = None if answer.run is None else run_documents([answer.run])[0]
    return {field.name: getattr(answer, field.name) for field in fields(answer)} | {"run": run}
