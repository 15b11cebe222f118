"""All users of the installation: listed, disabled and made admins, by admins alone."""

from typing import Any

from flask import Response, jsonify

from punctual.store.accounts.admins import list_users as users_page
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.users import changes
from punctual_api.users.schemas import (
    KnownUserSchema,
    UserChangesSchema,
    UserPageSchema,
    UserQuerySchema,
)

blueprint = Blueprint("users", __name__, url_prefix="/api/users", description="Users, for admins")

_page = UserPageSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(UserQuerySchema, location="query")
@blueprint.response(200, UserPageSchema)
def list_users(args: dict[str, Any]) -> Response:
    """List the users of the installation, newest first."""
    limit: int = args["limit"]
    before = read_task_cursor(args["cursor"])
    found = users_page(session(), limit=limit + 1, before=before, q=args["q"])
    cursor = task_cursor(found[limit - 1].id) if len(found) > limit else None
    return jsonify(_page.dump({"items": changes.shown(found[:limit]), "next_cursor": cursor}))


@blueprint.route("/<username>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, KnownUserSchema)
def get_user(username: str) -> dict[str, Any]:
    """Read a user."""
    return changes.shown([changes.known(username)])[0]


@blueprint.route("/<username>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(UserChangesSchema)
@blueprint.response(200, KnownUserSchema)
def change_user(sent: dict[str, bool], username: str) -> dict[str, Any]:
    """Disable a user, or make one an admin; one admin who can log in stays."""
    return changes.shown([changes.change(username, **sent)])[0]
