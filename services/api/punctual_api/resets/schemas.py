"""Requests for a link to a new password, and its use."""

from marshmallow import RAISE, Schema, validate

from punctual_api.accounts.schemas import new_password
from punctual_api.http.fields import Text


class ResetRequestSchema(Schema):
    """Whose password was forgotten."""

    class Meta:
        unknown = RAISE

    email = Text(
        required=True,
        validate=validate.Length(min=1, max=254),
        metadata={"description": "The e-mail address of the account, or its username"},
    )


class ResetSchema(Schema):
    """A new password, with the code of the link that was mailed."""

    class Meta:
        unknown = RAISE

    code = Text(
        required=True,
        load_only=True,
        validate=validate.Length(min=1, max=200),
        metadata={"description": "The last part of the address in the mail"},
    )
    password = new_password()
