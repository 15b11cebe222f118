"""The user's own account, password and sessions by the API."""

import uuid
from typing import Any

from punctual.store.schema.models import User
from punctual_api.accounts import own_account
from punctual_api.accounts.own_schemas import (
    AccountChangesSchema,
    AccountSchema,
    LoginPageSchema,
    NewPasswordSchema,
)
from punctual_api.audit.recorder import changed_nothing
from punctual_api.http.blueprints import Blueprint
from punctual_api.runs.schemas import PageQuerySchema

blueprint = Blueprint(
    "account", __name__, url_prefix="/api/account", description="Your own account and sessions"
)


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.response(200, AccountSchema)
def get_account() -> User:
    """Read your own account."""
    return own_account.own_account()


@blueprint.route("/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 409, 413, 415, 429)
@blueprint.arguments(AccountChangesSchema(partial=True))
@blueprint.response(200, AccountSchema)
def change_account(sent: dict[str, str]) -> User:
    """Change your e-mail address, with your current password.

    Users who log in by single sign-on and have no password cannot (422): their address follows the
    one that is verified at the provider, at each login.
    """
    if "email" not in sent:
        changed_nothing()
        return own_account.own_account()
    return own_account.change_own_email(**sent)


@blueprint.route("/password/", methods=["POST"])
@blueprint.problems(400, 401, 403, 413, 415, 429)
@blueprint.arguments(NewPasswordSchema)
@blueprint.response(204)
def change_password(sent: dict[str, str]) -> None:
    """Change your password, which ends all other sessions and all your access tokens."""
    own_account.change_own_password(**sent)


@blueprint.route("/sessions/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, LoginPageSchema)
def list_sessions(args: dict[str, Any]) -> dict[str, Any]:
    """List your sessions on the pages and the tokens of your logins, newest first."""
    items, cursor = own_account.own_logins(args["limit"], args["cursor"])
    return {"items": items, "next_cursor": cursor}


@blueprint.route("/sessions/", methods=["DELETE"])
@blueprint.problems(401, 403)
@blueprint.response(204)
def end_sessions() -> None:
    """End all your sessions but the one that sends this."""
    own_account.end_other_logins()


@blueprint.route("/sessions/<uuid:session_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def end_session(session_id: uuid.UUID) -> None:
    """End one of your sessions."""
    own_account.end_own_login(session_id)
