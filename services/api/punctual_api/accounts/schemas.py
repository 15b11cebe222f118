"""Schemas of users and tokens."""

import re

from marshmallow import RAISE, Schema, fields, validate

from punctual.domain.username import USERNAME
from punctual_api.http.fields import Instant, Label, Text

LABEL = r"[^@\s.<>()\[\],;:\\\"]+"
EMAIL = re.compile(rf"[^@\s]{{1,64}}@{LABEL}(\.{LABEL})+\Z")

ADDRESS = [
    validate.Regexp(EMAIL, error="This is no e-mail address."),
    validate.Length(max=254),
]


def new_password() -> Text:
    """Return the field of a password that is chosen; how guessable it is, is checked later."""
    return Text(
        required=True,
        load_only=True,
        validate=validate.Length(min=8, max=1024),
        metadata={"format": "password"},
    )


class RegistrationSchema(Schema):
    """A new user."""

    class Meta:
        unknown = RAISE

    username = Text(
        required=True,
        validate=validate.Regexp(
            USERNAME, error="A username is 3 to 64 letters, digits, dots, dashes and underscores."
        ),
        metadata={"pattern": r"^[A-Za-z0-9_.\-]{3,64}$"},
    )
    password = new_password()
    email = Label(
        required=True,
        validate=ADDRESS,
        metadata={"pattern": r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$"},
    )


class InvitedRegistrationSchema(RegistrationSchema):
    """A new user, who may have an invitation."""

    invite = Text(
        load_default=None,
        allow_none=True,
        load_only=True,
        validate=validate.Length(max=200),
        metadata={"description": "The code of an invitation, where registration needs one"},
    )


class UserSchema(Schema):
    """A user."""

    id = fields.UUID(required=True)
    username = fields.String(required=True)
    email = fields.String(required=True)


class CredentialsSchema(Schema):
    """Who wants a token."""

    class Meta:
        unknown = RAISE

    username = Text(required=True, validate=validate.Length(max=1024))
    password = Text(required=True, load_only=True, validate=validate.Length(max=1024))


class TokenSchema(Schema):
    """A token, shown this once."""

    token = fields.String(required=True)
    expires_at = Instant(required=True)
