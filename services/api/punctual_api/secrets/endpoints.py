"""Secrets: listed without their values, created, replaced and deleted."""

from typing import Any

from flask import Response, jsonify, url_for

from punctual_api.http.blueprints import Blueprint
from punctual_api.secrets import changes
from punctual_api.secrets.schemas import (
    NewSecretSchema,
    SecretDeletionSchema,
    SecretListSchema,
    SecretQuerySchema,
    SecretReplacementSchema,
    SecretSchema,
    SecretTeamSchema,
)

blueprint = Blueprint(
    "secrets", __name__, url_prefix="/api/secrets", description="Values for tasks, write-only"
)

_secret, _list = SecretSchema(), SecretListSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(SecretQuerySchema, location="query")
@blueprint.response(200, SecretListSchema)
def list_secrets(args: dict[str, Any]) -> Response:
    """List the secrets of the teams where you are an editor, never their values."""
    del args  # accounts/access.py has read it
    return jsonify(_list.dump({"items": changes.listed()}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 409, 413, 415, 503)
@blueprint.arguments(NewSecretSchema)
@blueprint.response(201, SecretSchema)
def create_secret(sent: dict[str, str]) -> Response:
    """Create a secret; its value is sealed so that only workers can open it."""
    made = changes.create_own(sent["name"], sent["value"])
    response = jsonify(_secret.dump(changes.shown(made)))
    response.status_code = 201
    response.headers["Location"] = url_for("secrets.list_secrets")
    return response


@blueprint.route("/<name>/", methods=["PUT"])
@blueprint.problems(400, 401, 403, 404, 413, 415, 503)
@blueprint.arguments(SecretTeamSchema, location="query")
@blueprint.arguments(SecretReplacementSchema)
@blueprint.response(200, SecretSchema)
def replace_secret(args: dict[str, Any], sent: dict[str, str], name: str) -> Response:
    """Replace the value of a secret; attempts that start from now on get the new one."""
    del args
    return jsonify(_secret.dump(changes.shown(changes.replace_own(name, sent["value"]))))


@blueprint.route("/<name>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404, 409)
@blueprint.arguments(SecretDeletionSchema, location="query")
@blueprint.response(204)
def delete_secret(args: dict[str, Any], name: str) -> None:
    """Delete a secret that no task uses, or with `force` any."""
    changes.delete_own(name, force=args["force"])
