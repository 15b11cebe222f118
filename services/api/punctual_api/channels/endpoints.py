"""Channels: listed without their URLs, created, changed, deleted and tested."""

import uuid
from typing import Any

from flask import Response, jsonify, url_for

from punctual.store.alerts.channels import list_channels as stored_channels
from punctual.store.schema.models import AlertChannel
from punctual_api.alerts.installation import chosen_teams
from punctual_api.channels import changes, testing
from punctual_api.channels.schemas import (
    ChannelChangesSchema,
    ChannelListSchema,
    ChannelQuerySchema,
    ChannelSchema,
    NewChannelSchema,
    SavedChannelSchema,
    TestResultSchema,
)
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session

blueprint = Blueprint(
    "channels", __name__, url_prefix="/api/channels", description="Where messages of alerts go"
)

_channel, _saved, _list = ChannelSchema(), SavedChannelSchema(), ChannelListSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(ChannelQuerySchema, location="query")
@blueprint.response(200, ChannelListSchema)
def list_channels(args: dict[str, Any]) -> Response:
    """List the channels of the teams where you are an editor, never their URLs."""
    found = stored_channels(session(), team_ids=chosen_teams(installation=args["installation"]))
    return jsonify(_list.dump({"items": changes.shown(found)}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 409, 413, 415, 503)
@blueprint.arguments(NewChannelSchema)
@blueprint.response(201, SavedChannelSchema)
def create_channel(sent: dict[str, Any]) -> Response:
    """Create a channel; only this answer shows the secret that its webhooks are signed with."""
    response = _answer(*changes.create(sent))
    response.status_code = 201
    response.headers["Location"] = url_for("channels.list_channels")
    return response


@blueprint.route("/<uuid:channel_id>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, ChannelSchema)
def get_channel(channel_id: uuid.UUID) -> Response:
    """Read a channel, without its URL."""
    return jsonify(_channel.dump(changes.shown([changes.own_channel(channel_id)])[0]))


@blueprint.route("/<uuid:channel_id>/", methods=["PATCH"])
@blueprint.problems(400, 401, 403, 404, 409, 413, 415, 503)
@blueprint.arguments(ChannelChangesSchema)
@blueprint.response(200, SavedChannelSchema)
def change_channel(sent: dict[str, Any], channel_id: uuid.UUID) -> Response:
    """Change a channel; messages that wait go to the new address."""
    return _answer(*changes.change(channel_id, sent))


@blueprint.route("/<uuid:channel_id>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def delete_channel(channel_id: uuid.UUID) -> None:
    """Delete a channel with its rules, its messages that wait, and the log of the others."""
    changes.delete(channel_id)


@blueprint.route("/<uuid:channel_id>/test/", methods=["POST"])
@blueprint.problems(401, 403, 404, 429)
@blueprint.response(200, TestResultSchema)
def test_channel(channel_id: uuid.UUID) -> dict[str, Any]:
    """Send a message to a channel now, and answer what came of it."""
    return testing.test_own(channel_id)


def _answer(channel: AlertChannel, secret: str | None) -> Response:
    return jsonify(_saved.dump({**changes.shown([channel])[0], "secret": secret}))
