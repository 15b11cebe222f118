"""The ledger: a task's due times that did not become a plain start on time, and why."""

import uuid
from typing import Any

from flask import Response, jsonify

from punctual.store.ledger.entries import list_ledger
from punctual.store.tasks.changes import find_task
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, team_id
from punctual_api.http.cursors import read_time_cursor, time_cursor
from punctual_api.http.problems import not_found
from punctual_api.ledger.schemas import LedgerPageSchema, LedgerQuerySchema, ledger_document

blueprint = Blueprint("ledger", __name__, url_prefix="/api/tasks/<uuid:task_id>/ledger")

_page = LedgerPageSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.arguments(LedgerQuerySchema, location="query")
@blueprint.response(200, LedgerPageSchema)
def list_task_ledger(args: dict[str, Any], task_id: uuid.UUID) -> Response:
    """List the due times that did not become a start within a second, newest first, and why."""
    if find_task(session(), task_id, team_id=team_id(), deleted=True) is None:
        raise not_found("task")
    limit = args["limit"]
    rows = list_ledger(
        session().connection(),
        task_id=task_id,
        page_size=limit + 1,
        before=read_time_cursor(args["cursor"]),
        since=args["since"],
        reason=args["reason"],
    )
    more = time_cursor(rows[limit - 1].scheduled_for) if len(rows) > limit else None
    items = [ledger_document(row) for row in rows[:limit]]
    return jsonify(_page.dump({"items": items, "next_cursor": more}))
