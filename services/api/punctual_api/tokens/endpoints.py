"""Access tokens: listed, created and ended, a user's own or with `team` a team's."""

import uuid
from typing import Any

from flask import Response, jsonify

from punctual.store.accounts import access_tokens
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.tokens import changes
from punctual_api.tokens.schemas import (
    AccessTokenOwnerSchema,
    AccessTokenPageSchema,
    AccessTokenQuerySchema,
    CreatedAccessTokenSchema,
    NewAccessTokenSchema,
)

blueprint = Blueprint(
    "tokens", __name__, url_prefix="/api/tokens", description="Access tokens for programs"
)

_page, _created = AccessTokenPageSchema(), CreatedAccessTokenSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(AccessTokenQuerySchema, location="query")
@blueprint.response(200, AccessTokenPageSchema)
def list_tokens(args: dict[str, Any]) -> Response:
    """List your access tokens, or with `team` that team's own, newest first."""
    limit: int = args["limit"]
    found = access_tokens.list_tokens(
        session(),
        changes.requested_owner(),
        limit=limit + 1,
        before=read_task_cursor(args["cursor"]),
    )
    cursor = task_cursor(found[limit - 1].id) if len(found) > limit else None
    items = changes.shown(list(found[:limit]))
    return jsonify(_page.dump({"items": items, "next_cursor": cursor}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(NewAccessTokenSchema)
@blueprint.response(201, CreatedAccessTokenSchema)
def create_token(sent: dict[str, Any]) -> Response:
    """Create an access token, which only this answer shows."""
    sent.pop("team", None)
    made, token = changes.create(changes.requested_owner(), **sent)
    [shown] = changes.shown([made])
    response = jsonify(_created.dump({**shown, "token": token}))
    response.status_code = 201
    return response


@blueprint.route("/", methods=["DELETE"])
@blueprint.problems(401, 403)
@blueprint.arguments(AccessTokenOwnerSchema, location="query")
@blueprint.response(204)
def end_tokens(args: dict[str, Any]) -> None:
    """End all your access tokens, or with `team` all of that team's own."""
    changes.end_all(changes.requested_owner())


@blueprint.route("/<uuid:token_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def end_token(token_id: uuid.UUID) -> None:
    """End an access token: from now on it opens nothing."""
    changes.end(token_id)
