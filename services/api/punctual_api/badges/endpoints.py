"""Badges of tasks, tags and teams: listed, created and ended."""

import uuid
from typing import Any

from flask import Response, jsonify

from punctual_api.badges import changes
from punctual_api.badges.schemas import (
    BadgeListSchema,
    BadgeQuerySchema,
    CreatedBadgeSchema,
    NewBadgeSchema,
)
from punctual_api.http.blueprints import Blueprint

blueprint = Blueprint(
    "badges", __name__, url_prefix="/api/badges", description="The health of tasks as a picture"
)

_list, _created = BadgeListSchema(), CreatedBadgeSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(BadgeQuerySchema, location="query")
@blueprint.response(200, BadgeListSchema)
def list_badges(args: dict[str, Any]) -> Response:
    """List the badges of a team, or with `task` of a task, without their addresses."""
    return jsonify(_list.dump({"items": changes.listed(args["task"])}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(NewBadgeSchema)
@blueprint.response(201, CreatedBadgeSchema)
def create_badge(sent: dict[str, Any]) -> Response:
    """Create a badge; only this answer shows its address."""
    sent.pop("team", None)
    made, url = changes.create(**sent)
    [shown] = changes.shown([made])
    response = jsonify(_created.dump({**shown, "url": url}))
    response.status_code = 201
    return response


@blueprint.route("/<uuid:badge_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def end_badge(badge_id: uuid.UUID) -> None:
    """End a badge: its address answers nothing from now on."""
    changes.end(badge_id)
