"""Feeds of a user: listed, created and ended."""

import uuid
from typing import Any

from flask import Response, jsonify

from punctual.domain.links import MOST_LINKS, LinkKind
from punctual.store.links.changes import list_links
from punctual_api.feeds import changes
from punctual_api.feeds.schemas import CreatedFeedSchema, FeedListSchema, NewFeedSchema
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, user_id

blueprint = Blueprint(
    "feeds", __name__, url_prefix="/api/feeds", description="What is due, for calendar programs"
)

_list, _created = FeedListSchema(), CreatedFeedSchema()


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.response(200, FeedListSchema)
def list_feeds() -> Response:
    """List your feeds, newest first, without their addresses."""
    found = list_links(session(), LinkKind.FEED, limit=MOST_LINKS[LinkKind.FEED], user_id=user_id())
    return jsonify(_list.dump({"items": changes.shown(found)}))


@blueprint.route("/", methods=["POST"])
@blueprint.problems(400, 401, 403, 413, 415)
@blueprint.arguments(NewFeedSchema)
@blueprint.response(201, CreatedFeedSchema)
def create_feed(sent: dict[str, Any]) -> Response:
    """Create a feed of what you see; only this answer shows its address."""
    made, url = changes.create(**sent)
    [shown] = changes.shown([made])
    response = jsonify(_created.dump({**shown, "url": url}))
    response.status_code = 201
    return response


@blueprint.route("/<uuid:feed>/", methods=["DELETE"])
@blueprint.problems(401, 403, 404)
@blueprint.response(204)
def end_feed(feed: uuid.UUID) -> None:
    """End a feed: its address answers nothing from now on."""
    changes.end(feed)
