"""Deliveries: the log of messages to channels, and another attempt."""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, jsonify

from punctual.store.alerts import deliveries as store
from punctual.store.driver.notify import wake_notifiers
from punctual.store.schema.models import AlertDelivery
from punctual_api.alerts.installation import chosen_teams, record_change, slug_of
from punctual_api.deliveries.schemas import (
    DeliveryPageSchema,
    DeliveryQuerySchema,
    DeliverySchema,
)
from punctual_api.http.blueprints import Blueprint
from punctual_api.http.context import session, team_id
from punctual_api.http.cursors import read_task_cursor, task_cursor
from punctual_api.http.problems import Problem, not_found

blueprint = Blueprint(
    "deliveries",
    __name__,
    url_prefix="/api/deliveries",
    description="Messages to channels, and what came of them",
)

_delivery, _page = DeliverySchema(), DeliveryPageSchema()

TO_ADMINS = "to all admins"
DELIVERED = "It is delivered already; test the channel to send another message."


def shown(deliveries: Sequence[AlertDelivery]) -> list[dict[str, Any]]:
    """Return messages as they are answered, but for the schema's formats."""
    ids = [one.id for one in deliveries]
    events, counts = store.events_of(session(), ids), store.count_events(session(), ids)
    attempts = store.attempts_of(session(), ids)
    channels = {one.channel_id for one in deliveries if one.channel_id is not None}
    names = store.names_of_channels(session(), channels)
    return [
        {
            "id": one.id,
            "team": slug_of(one.team_id),
            "channel": one.channel_id,
            "channel_name": None if one.channel_id is None else names.get(one.channel_id),
            "kind": one.kind,
            "state": one.state,
            "created_at": one.created_at,
            "next_attempt_at": one.due_at if one.state == "waiting" else None,
            "ended_at": one.ended_at,
            "events": [event._asdict() for event in events.get(one.id, ())],
            "event_count": counts.get(one.id, 0),
            "attempts": attempts.get(one.id, []),
        }
        for one in deliveries
    ]


def own_delivery(delivery_id: uuid.UUID) -> AlertDelivery:
    """Return the message that the address names; raises Problem 404."""
    found = store.find_delivery(session(), delivery_id, team_id=team_id())
    if found is None:
        raise not_found("delivery")
    return found


def retry_own(delivery_id: uuid.UUID) -> AlertDelivery:
    """Return a message that is sent again at once; raises Problem: 404, and 409 once delivered."""
    delivery = own_delivery(delivery_id)
    if not store.try_again(session(), delivery_id, team_id=team_id()):
        raise Problem(409, DELIVERED)
    wake_notifiers(session().connection())
    own = [] if delivery.channel_id is None else [delivery.channel_id]
    name = next(iter(store.names_of_channels(session(), own).values()), TO_ADMINS)
    record_change("delivery", delivery_id, name, team=delivery.team_id)
    return own_delivery(delivery_id)


@blueprint.route("/", methods=["GET"])
@blueprint.problems(401, 403)
@blueprint.arguments(DeliveryQuerySchema, location="query")
@blueprint.response(200, DeliveryPageSchema)
def list_deliveries(args: dict[str, Any]) -> Response:
    """List messages to the channels of the teams where you are an editor, newest first."""
    limit: int = args["limit"]
    found = store.list_deliveries(
        session(),
        team_ids=chosen_teams(installation=args["installation"]),
        channel_id=args["channel"],
        state=args["state"],
        before=read_task_cursor(args["cursor"]),
        limit=limit + 1,
    )
    cursor = task_cursor(found[limit - 1].id) if len(found) > limit else None
    return jsonify(_page.dump({"items": shown(found[:limit]), "next_cursor": cursor}))


@blueprint.route("/<uuid:delivery_id>/", methods=["GET"])
@blueprint.problems(401, 403, 404)
@blueprint.response(200, DeliverySchema)
def get_delivery(delivery_id: uuid.UUID) -> Response:
    """Read a message's attempts and what it is about."""
    return jsonify(_delivery.dump(shown([own_delivery(delivery_id)])[0]))


@blueprint.route("/<uuid:delivery_id>/retry/", methods=["POST"])
@blueprint.problems(401, 403, 404, 409)
@blueprint.response(202, DeliverySchema)
def retry_delivery(delivery_id: uuid.UUID) -> Response:
    """Send a message again now, and for another day until it is delivered."""
    response = jsonify(_delivery.dump(shown([retry_own(delivery_id)])[0]))
    response.status_code = 202
    return response
