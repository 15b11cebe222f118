"""Feeds as they are sent and answered."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.http.fields import Instant, Label, Text

TEAM = {"description": "Slug of a team that you are in; absent: all of them"}
TAG = {"description": "Only tasks that have this tag"}


class NewFeedSchema(Schema):
    """A feed as it is created."""

    class Meta:
        unknown = RAISE

    name = Label(
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata={"description": "The name of the calendar in the program that shows it"},
    )
    team = Text(load_default=None, allow_none=True, validate=validate.Length(max=64), metadata=TEAM)
    tag = Label(load_default=None, allow_none=True, validate=validate.Length(max=64), metadata=TAG)


class FeedSchema(Schema):
    """A feed without its address."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    team = fields.String(required=True, allow_none=True, metadata=TEAM)
    tag = fields.String(required=True, allow_none=True, metadata=TAG)
    created_at = Instant(required=True)
    last_used_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "To about a minute; null: not used yet"},
    )


class CreatedFeedSchema(FeedSchema):
    """A feed with its address, which is shown this once."""

    url = fields.String(
        required=True, metadata={"description": "Calendar programs subscribe to it"}
    )


class FeedListSchema(Schema):
    """Feeds, newest first."""

    items = fields.List(fields.Nested(FeedSchema), required=True)
