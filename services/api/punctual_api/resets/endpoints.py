"""A new password by a link that is mailed, by the API; the code stays out of addresses."""

from flask import Response

from punctual_api.http.blueprints import Blueprint
from punctual_api.resets import changes, requests
from punctual_api.resets.schemas import ResetRequestSchema, ResetSchema

blueprint = Blueprint(
    "resets",
    __name__,
    url_prefix="/api/account/reset",
    description="A new password, where it was forgotten",
)


@blueprint.route("/", methods=["POST"])
@blueprint.doc(security=[])
@blueprint.problems(400, 403, 413, 415, 429)
@blueprint.arguments(ResetRequestSchema)
@blueprint.response(202)
def request_reset(sent: dict[str, str]) -> Response:
    """Have a link to a new password mailed to a user.

    The answer is the same whether there is such a user or not.
    """
    requests.request_reset(sent["email"])
    return Response(status=202)


@blueprint.route("/password/", methods=["POST"])
@blueprint.doc(security=[])
@blueprint.problems(400, 403, 413, 415)
@blueprint.arguments(ResetSchema)
@blueprint.response(204)
def reset_password(sent: dict[str, str]) -> None:
    """Choose a new password by the code of a link, which ends all sessions and tokens."""
    changes.reset_password(**sent)
