"""Invitations: to a team by its owners, to the installation by admins."""

import uuid
from typing import Any

from flask import Response, jsonify

from punctual.store.accounts import invites
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.invites import changes
from punctual_api.invites.schemas import (
    CreatedInviteSchema,
    InvitePageSchema,
    InviteQuerySchema,
    NewInviteSchema,
)

blueprint = Blueprint(
    "invites", __name__, url_prefix="/api/invites", description="Who may register or join a team"
)

_page, _created = InvitePageSchema(), CreatedInviteSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(InviteQuerySchema, location="query")
@blueprint.response(200, InvitePageSchema)
def list_invites(args: dict[str, Any]) -> Response:
    """List the invitations to a team, or all for an admin, newest first."""
    limit: int = args["limit"]
    before = read_task_cursor(args["cursor"])
    team = changes.requested_team()
    found = invites.list_invites(session(), team, limit=limit + 1, before=before)
    cursor = task_cursor(found[limit - 1].id) if len(found) > limit else None
    items = changes.shown(found[:limit])
    return jsonify(_page.dump({"items": items, "next_cursor": cursor}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 404, 413, 415)
@blueprint.arguments(NewInviteSchema)
@blueprint.response(201, CreatedInviteSchema)
def create_invite(sent: dict[str, Any]) -> Response:
    """Create an invitation, whose code only this answer shows.

    With an address it is mailed there, where the installation sends mail.
    """
    sent.pop("team", None)
    created = changes.create(changes.requested_team(), **sent)
    [shown] = changes.shown([created.invite])
    answer = {**shown, "code": created.code, "url": created.url, "mail": created.mail}
    response = jsonify(_created.dump(answer))
    response.status_code = 201
    return response


@blueprint.route("/<uuid:invite_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def end_invite(invite_id: uuid.UUID) -> None:
    """End an invitation: its code opens nothing from now on."""
    changes.end(invite_id)
