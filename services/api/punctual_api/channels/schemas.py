"""Schemas of channels; none of them answers a URL."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from punctual.domain.alerts.channels import LONGEST_URL, MOST_RECIPIENTS, ChannelKind
from punctual_api.alerts.installation import installation_field, installation_query
from punctual_api.channels.fields import QUIET, ChannelUrl, Quiet, Recipients
from punctual_api.http.fields import Flag, Instant, Label
from punctual_api.teams.fields import team_field, team_query

KINDS = validate.OneOf([*ChannelKind])
URL = {
    "type": "string",
    "format": "password",
    "minLength": 1,
    "maxLength": LONGEST_URL,
    "writeOnly": True,
    "description": "Of a webhook, or as Apprise has it; sealed, and in no answer",
}
TO = {
    "type": "array",
    "items": {"type": "string", "format": "email"},
    "minItems": 1,
    "maxItems": MOST_RECIPIENTS,
    "description": "The addresses of a channel of kind email",
}


def _name(**options: Any) -> Label:
    return Label(validate=validate.Length(min=1, max=100), **options)


class NewChannelSchema(Schema):
    """A channel as it is created."""

    class Meta:
        unknown = RAISE

    name = _name(required=True)
    kind = fields.String(required=True, validate=KINDS)
    url = ChannelUrl(load_only=True, metadata=URL)
    to = Recipients(metadata=TO)
    quiet = Quiet(load_default=None, allow_none=True, metadata=QUIET)
    enabled = Flag(load_default=True)
    team = team_field()
    installation = installation_field()


class ChannelChangesSchema(Schema):
    """What PATCH changes of a channel; absent fields stay as they are."""

    class Meta:
        unknown = RAISE

    name = _name()
    url = ChannelUrl(load_only=True, metadata=URL)
    to = Recipients(metadata=TO)
    quiet = Quiet(allow_none=True, metadata=QUIET)
    enabled = Flag()
    new_secret = Flag(
        load_default=False,
        load_only=True,
        metadata={"description": "Sign with a new secret from now on, which this answer shows"},
    )


class ChannelSchema(Schema):
    """A channel as it is answered."""

    id = fields.UUID(required=True)
    team = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The slug of its team; null: it is of the installation"},
    )
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=KINDS)
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What of it may be shown, such as https://hooks.example.com/…"},
    )
    to = fields.List(fields.String(), required=True, allow_none=True)
    quiet = fields.Raw(required=True, allow_none=True, metadata=QUIET)
    enabled = fields.Boolean(required=True)
    last_delivered_at = Instant(required=True, allow_none=True)
    failing_since = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When the first attempt failed of those since the last success"},
    )
    created_at = Instant(required=True)
    updated_at = Instant(required=True)
    updated_by = fields.String(required=True, allow_none=True)


class SavedChannelSchema(ChannelSchema):
    """A channel as it is answered to a change, with a new secret that is shown this once."""

    secret = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "whsec_…, where the request has made a new one; else null"},
    )


class ChannelListSchema(Schema):
    """Channels by name."""

    items = fields.List(fields.Nested(ChannelSchema), required=True)


class ChannelQuerySchema(Schema):
    """Which channels."""

    class Meta:
        unknown = RAISE

    team = team_query()
    installation = installation_query()


class TestResultSchema(Schema):
    """What came of a test of a channel."""

    delivered = fields.Boolean(required=True)
    status = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The status that the receiver answered, of HTTP or of SMTP"},
    )
    detail = fields.String(required=True)
    delivery = fields.UUID(required=True, metadata={"description": "Its row in the deliveries"})
