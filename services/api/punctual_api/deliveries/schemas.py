"""Schemas of deliveries: messages to channels, and what came of them."""

from marshmallow import Schema, fields, validate

from punctual.domain.alerts.events import EventKind
from punctual_api.alerts.installation import installation_query
from punctual_api.http.fields import Instant, Text
from punctual_api.runs.schemas import PageQuerySchema
from punctual_api.teams.fields import team_query

STATES = validate.OneOf(["waiting", "delivered", "failed"])


class DeliveryAttemptSchema(Schema):
    """One attempt to deliver a message."""

    attempt = fields.Integer(required=True)
    at = Instant(required=True)
    delivered = fields.Boolean(required=True)
    status = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "What the receiver answered, of HTTP or of SMTP"},
    )
    detail = fields.String(required=True)
    latency_ms = fields.Float(required=True)


class DeliveryEventSchema(Schema):
    """An event that a message is about."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*EventKind]))
    at = Instant(required=True)
    task_id = fields.UUID(required=True, allow_none=True)
    task_name = fields.String(required=True, allow_none=True)
    run_id = fields.UUID(required=True, allow_none=True)


class DeliverySchema(Schema):
    """A message to a channel."""

    id = fields.UUID(
        required=True,
        metadata={"description": "In webhooks the `webhook-id`, after `msg_` and without dashes"},
    )
    team = fields.String(required=True, allow_none=True)
    channel = fields.UUID(
        required=True, allow_none=True, metadata={"description": "null: by mail to all admins"}
    )
    channel_name = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(["events", "test"]))
    state = fields.String(required=True, validate=STATES)
    created_at = Instant(required=True)
    next_attempt_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "While it waits: for more events, quiet hours or a new attempt"},
    )
    ended_at = Instant(required=True, allow_none=True)
    events = fields.List(
        fields.Nested(DeliveryEventSchema),
        required=True,
        metadata={"description": "What it is about, oldest first; at most 20 are named"},
    )
    event_count = fields.Integer(required=True)
    attempts = fields.List(fields.Nested(DeliveryAttemptSchema), required=True)


class DeliveryPageSchema(Schema):
    """A page of messages, newest first."""

    items = fields.List(fields.Nested(DeliverySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class DeliveryQuerySchema(PageQuerySchema):
    """Which messages."""

    channel = fields.UUID(load_default=None)
    state = Text(load_default=None, validate=STATES)
    team = team_query()
    installation = installation_query()
