"""Queues: which teams may use one, decided by admins."""

from typing import Any

from punctual.store.queues.listing import KnownQueue, list_queues
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.queues.changes import known_queue, let_teams_use
from punctual_api.queues.schemas import (
    QueueChangesSchema,
    QueueListSchema,
    QueueSchema,
    QueueTeamsSchema,
)

blueprint = Blueprint(
    "queues", __name__, url_prefix="/api/queues", description="Queues and their teams, for admins"
)


# Not list_queues: that is the store's.
@blueprint.route("/", methods=["GET"], endpoint="list_queues")
@blueprint.problems(401, 403)
@blueprint.response(200, QueueListSchema)
def list_all_queues() -> dict[str, Any]:
    """List the queues: which teams may use each, which workers serve it."""
    return {"items": list_queues(session().connection())}


@blueprint.route("/<name>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, QueueSchema)
def get_queue(name: str) -> KnownQueue:
    """Read a queue."""
    return known_queue(name)


@blueprint.route("/<name>/", methods=["PUT"])
@blueprint.problems(400, 401, 403, 413, 415)
@blueprint.arguments(QueueTeamsSchema)
@blueprint.response(200, QueueSchema)
def replace_queue(sent: dict[str, Any], name: str) -> KnownQueue:
    """Let these teams alone use a queue; with an empty list, every team."""
    return _changed(name, sent["teams"])


@blueprint.route("/<name>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(QueueChangesSchema(partial=True))
@blueprint.response(200, QueueSchema)
def change_queue(sent: dict[str, Any], name: str) -> KnownQueue:
    """Change which teams may use a queue that is there."""
    known = known_queue(name)
    if "teams" not in sent:
        changed_nothing()
        return known
    return _changed(name, sent["teams"])


def _changed(name: str, teams: list[str]) -> KnownQueue:
    return let_teams_use(name, teams) or KnownQueue(name, False, [], [], 0, 0)
