"""Bulk: up to 10,000 new tasks in one request, all or none."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from punctual.domain.errors import InvalidCalendar, InvalidSecret
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import team_id, team_slug
from punctual_api.http.idempotency import PARAMETER as IDEMPOTENCY_KEY
from punctual_api.http.idempotency import create_once
from punctual_api.http.problems import Fault, invalid
from punctual_api.queues.allowed import QueueRefused
from punctual_api.tasks.changes import create_many
from punctual_api.tasks.schemas.bulk import BulkAnswerSchema, BulkSchema
from punctual_api.tasks.upstreams import upstream_faults

blueprint = Blueprint("bulk", __name__, url_prefix="/api/tasks/bulk")


@blueprint.route("/", methods=["POST"])
@blueprint.doc(parameters=[IDEMPOTENCY_KEY])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(BulkSchema)
@blueprint.response(201, BulkAnswerSchema)
def create_tasks_in_bulk(sent: dict[str, Any]) -> Response:
    """Create many tasks, all or none; answers their ids in order."""
    tasks = sent["items"]

    def create(ids: Sequence[uuid.UUID]) -> Response:
        faults = [
            fault._replace(pointer=f"/items/{place}{fault.pointer}")
            for place, task in enumerate(tasks)
            for fault in upstream_faults(task, task_id=None)
        ]
        faults += _of_other_teams(tasks)
        if faults:
            raise invalid(faults)
        try:
            create_many(ids, tasks)
        except (InvalidCalendar, InvalidSecret) as error:
            raise invalid([Fault(f"/items{error.pointer}", error.detail)]) from None
        except QueueRefused as refused:
            raise invalid(
                [fault._replace(pointer=f"/items{fault.pointer}") for fault in refused.faults]
            ) from None
        return _ids(ids)

    return create_once(len(tasks), create=create, again=_ids)


def _of_other_teams(tasks: list[dict[str, Any]]) -> list[Fault]:
    """Return a fault for each task that names another team than the request is about."""
    own = team_slug(team_id()).lower()
    detail = "All tasks of a request go to one team: name it as ?team=."
    return [
        Fault(f"/items/{place}/team", detail)
        for place, task in enumerate(tasks)
        if task.pop("team", own).lower() != own
    ]


def _ids(ids: Sequence[uuid.UUID]) -> Response:
    response = jsonify({"ids": ids})
    response.status_code = 201
    return response
