"""All users of the installation: listed, disabled and made admins, by admins alone."""

from typing import Any

from flask import Response, jsonify

from punctual.store.accounts.admins import access_of, lock_admins, other_admins, set_disabled
from punctual.store.accounts.admins import list_users as users_page
from punctual.store.accounts.users import user_named
from punctual.store.schema.models import User
from punctual_api.audit.recorder import record_account
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.http.problems import Problem, not_found
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
    return jsonify(_page.dump({"items": found[:limit], "next_cursor": cursor}))


@blueprint.route("/<username>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, KnownUserSchema)
def get_user(username: str) -> User:
    """Read a user."""
    return _known(username)


@blueprint.route("/<username>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415)
@blueprint.arguments(UserChangesSchema)
@blueprint.response(200, KnownUserSchema)
def change_user(sent: dict[str, bool], username: str) -> User:
    """Disable a user, or make one an admin; one admin who can log in stays."""
    lock_admins(session())
    user = _known(username)
    disabled = sent.get("disabled", user.disabled_at is not None)
    stays_admin = sent.get("is_admin", user.is_admin) and not disabled
    was_admin = user.is_admin and user.disabled_at is None
    if was_admin and not stays_admin and not other_admins(session(), user.id):
        raise Problem(409, f"{user.username} is the last admin: make another one before.")
    before = access_of(user)
    user.is_admin = sent.get("is_admin", user.is_admin)
    set_disabled(session(), user, disabled=disabled)
    record_account(user.id, user.username, before=before, after=access_of(user))
    return user


def _known(username: str) -> User:
    user = user_named(session(), username)
    if user is None:
        raise not_found("user")
    return user
