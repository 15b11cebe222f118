"""Invitations as they are sent and answered."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.accounts.schemas import ADDRESS
from punctual_api.http.fields import Instant, Label, Text
from punctual_api.runs.schemas import PageQuerySchema
from punctual_api.teams.schemas import ROLE, ROLES


class NewInviteSchema(Schema):
    """An invitation as it is created."""

    class Meta:
        unknown = RAISE

    team = Text(
        load_only=True,
        allow_none=True,
        validate=validate.Length(max=64),
        metadata={
            "description": "Slug of the team to join; without one: an account alone (admins)"
        },
    )
    role = fields.String(
        load_default=None,
        allow_none=True,
        validate=ROLES,
        metadata={"description": "In that team; viewer by default"},
    )
    email = Label(
        load_default=None,
        allow_none=True,
        validate=ADDRESS,
        metadata={"description": "The only address that may use it; any by default"},
    )
    expires_at = Instant(
        load_default=None, allow_none=True, metadata={"description": "In 7 days by default"}
    )


class InviteSchema(Schema):
    """An invitation without its code."""

    id = fields.UUID(required=True)
    team = fields.String(required=True, allow_none=True)
    role = fields.String(required=True, allow_none=True, validate=ROLES, metadata=ROLE)
    email = fields.String(required=True, allow_none=True)
    registers = fields.Boolean(
        required=True,
        metadata={"description": "It opens a registration where that needs one; an admin made it"},
    )
    open = fields.Boolean(
        required=True,
        metadata={
            "description": "It can be used: is neither used nor expired, and its maker may invite"
        },
    )
    created_by = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)
    used_at = Instant(required=True, allow_none=True)
    used_by = fields.String(required=True, allow_none=True)


class MailedSchema(Schema):
    """What came of the mail with an invitation."""

    sent = fields.Boolean(
        required=True, metadata={"description": "The mail server has taken it for delivery"}
    )
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it was not sent"}
    )


class CreatedInviteSchema(InviteSchema):
    """An invitation with its code, which is shown this once."""

    code = fields.String(required=True)
    url = fields.String(required=True, metadata={"description": "The page that opens it"})
    mail = fields.Nested(
        MailedSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null without an `email`, or where no mail is sent"},
    )


class InvitePageSchema(Schema):
    """A page of invitations, newest first."""

    items = fields.List(fields.Nested(InviteSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class InviteQuerySchema(PageQuerySchema):
    """Which invitations."""

    team = Text(
        load_default=None,
        metadata={"description": "Slug of the only team to list; without one: all (admins)"},
    )
