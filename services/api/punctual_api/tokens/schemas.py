"""Access tokens as they are sent and answered."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.http.fields import Instant, Label, Text
from punctual_api.runs.schemas import PageQuerySchema
from punctual_api.teams.schemas import ROLES

ROLE = {
    "description": "The most that it may do. Absent: all that its user may; editor for a team's own"
}

OWNER = {"description": "Slug of the team whose own tokens are meant; yours by default"}


class NewAccessTokenSchema(Schema):
    """An access token as it is created."""

    class Meta:
        unknown = RAISE

    name = Label(
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata={"description": "What it is for; shown in lists"},
    )
    role = fields.String(load_default=None, allow_none=True, validate=ROLES, metadata=ROLE)
    team = Text(
        load_only=True,
        allow_none=True,
        validate=validate.Length(max=64),
        metadata={
            "description": "Slug of the team that owns it: it acts in that team alone, and goes"
            " on when you leave. Absent: it is your own"
        },
    )
    expires_at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "When it ends; never by default"},
    )


class AccessTokenSchema(Schema):
    """An access token without the token itself."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    role = fields.String(required=True, allow_none=True, validate=ROLES, metadata=ROLE)
    team = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The slug of the team that owns it; null: it is a user's"},
    )
    created_by = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True, allow_none=True)
    last_used_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "To about a minute; null: not used yet"},
    )


class CreatedAccessTokenSchema(AccessTokenSchema):
    """An access token with the token itself, which is shown this once."""

    token = fields.String(required=True)


class AccessTokenPageSchema(Schema):
    """A page of access tokens, newest first."""

    items = fields.List(fields.Nested(AccessTokenSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AccessTokenOwnerSchema(Schema):
    """Whose tokens."""

    team = Text(load_default=None, metadata=OWNER)


class AccessTokenQuerySchema(PageQuerySchema):
    """Whose tokens, and which page of them."""

    team = Text(load_default=None, metadata=OWNER)
