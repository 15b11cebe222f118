"""Users as admins see and change them."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.accounts.schemas import UserSchema
from punctual_api.http.fields import Flag, Instant, Text
from punctual_api.runs.schemas import PageQuerySchema


class KnownUserSchema(UserSchema):
    """A user of the installation."""

    is_admin = fields.Boolean(required=True)
    created_at = Instant(required=True)
    disabled_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "Since when the user cannot log in; null: the user can"},
    )
    last_login_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "The last login that the audit record has; null: none"},
    )


class UserPageSchema(Schema):
    """A page of users, newest first."""

    items = fields.List(fields.Nested(KnownUserSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class UserQuerySchema(PageQuerySchema):
    """Which users."""

    q = Text(load_default=None, validate=validate.Length(max=200))


class UserChangesSchema(Schema):
    """What an admin changes of a user; absent fields stay as they are."""

    class Meta:
        unknown = RAISE

    is_admin = Flag()
    disabled = Flag(metadata={"description": "true ends all sessions and tokens of the user"})
