"""A user's own account and logins as they are sent and answered."""

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from punctual_api.accounts.schemas import RegistrationSchema, UserSchema, new_password
from punctual_api.http.fields import Instant, Text


class AccountSchema(UserSchema):
    """One's own account."""

    is_admin = fields.Boolean(required=True)
    created_at = Instant(required=True)


class EmailSchema(RegistrationSchema):
    """An e-mail address as an account may have it."""

    class Meta:
        fields = ("email",)


class AccountChangesSchema(RegistrationSchema):
    """What a user changes of the own account; absent fields stay as they are."""

    class Meta:
        unknown = RAISE
        fields = ("email", "current_password")

    current_password = Text(
        required=True,
        load_only=True,
        validate=validate.Length(max=1024),
        metadata={"format": "password", "description": "Needed with `email`"},
    )

    @validates_schema
    def _needs_password(self, data: dict[str, str], **_options: object) -> None:
        if "email" in data and "current_password" not in data:
            raise ValidationError("Send your current password.", "current_password")


class NewPasswordSchema(Schema):
    """Another password."""

    class Meta:
        unknown = RAISE

    current = Text(
        required=True,
        validate=validate.Length(max=1024),
        metadata={"format": "password", "description": "The password as it is"},
    )
    new = new_password()


class LoginSchema(Schema):
    """A login that has not ended: a session of the pages, or a token of `POST /api/login/`."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["page", "api"]))
    current = fields.Boolean(
        required=True, metadata={"description": "This request was sent by this one"}
    )
    created_at = Instant(required=True)
    last_used_at = Instant(
        required=True, allow_none=True, metadata={"description": "To about a minute"}
    )
    expires_at = Instant(required=True)
    ip = fields.String(required=True, allow_none=True)
    user_agent = fields.String(required=True, allow_none=True)


class LoginPageSchema(Schema):
    """A page of logins, newest first."""

    items = fields.List(fields.Nested(LoginSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
