"""Queues as admins see and change them."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.http.fields import Text

MOST_TEAMS = 1000
TEAMS = {"description": "Slugs of the teams that may use the queue; an empty list: every team may"}


class QueueTeamsSchema(Schema):
    """Which teams may use a queue, as it is sent."""

    class Meta:
        unknown = RAISE

    teams = fields.List(
        Text(validate=validate.Length(min=1, max=64)),
        required=True,
        validate=validate.Length(max=MOST_TEAMS),
        metadata=TEAMS,
    )


class QueueChangesSchema(QueueTeamsSchema):
    """What PATCH changes of a queue; without teams, nothing."""


class QueueSchema(Schema):
    """A queue that a worker serves, that a task names, or that not every team may use."""

    name = fields.String(required=True)
    is_closed = fields.Boolean(
        required=True,
        metadata={"description": "true: only the teams listed may use it, and none if none is"},
    )
    teams = fields.List(fields.String(), required=True, metadata=TEAMS)
    workers = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Names of the workers that serve it; none: its runs wait"},
    )
    slots = fields.Integer(required=True, metadata={"description": "Of those workers together"})
    refused = fields.Integer(
        required=True,
        metadata={"description": "Due runs that do not start, as their team may not use it"},
    )


class QueueListSchema(Schema):
    """The queues, the default one first."""

    items = fields.List(fields.Nested(QueueSchema), required=True)
