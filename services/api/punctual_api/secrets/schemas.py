"""Schemas of secrets; none of them answers a value."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from punctual.domain.secrets.names import LONGEST_NAME, MOST_BYTES, NAME, NAME_RULE, value_fault
from punctual_api.http.fields import Instant, Text
from punctual_api.teams.fields import ANSWERED, team_field, team_query

TEAM_NAMED = "Slug of its team; your personal one by default"


class SecretValue(fields.Field[str]):
    """The value of a secret, which no error repeats."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        if fault := value_fault(value):
            raise ValidationError(fault)
        return value


def _value() -> SecretValue:
    return SecretValue(
        required=True,
        load_only=True,
        metadata={
            "type": "string",
            "format": "password",
            "minLength": 1,
            "maxLength": MOST_BYTES,
            "writeOnly": True,
            "description": "At most 64 KiB of UTF-8 without NUL; no answer ever contains it",
        },
    )


class NewSecretSchema(Schema):
    """A secret as it is created."""

    class Meta:
        unknown = RAISE

    name = Text(
        required=True,
        validate=validate.Regexp(f"^{NAME}$(?!\n)", error=NAME_RULE),
        metadata={"minLength": 1, "maxLength": LONGEST_NAME, "pattern": f"^{NAME}$"},
    )
    value = _value()
    team = team_field()


class SecretReplacementSchema(Schema):
    """Another value of a secret."""

    class Meta:
        unknown = RAISE

    value = _value()


class SecretTaskSchema(Schema):
    """A task that uses a secret."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)


class SecretSchema(Schema):
    """A secret as it is answered: all but its value."""

    name = fields.String(required=True)
    team = fields.String(required=True, metadata=ANSWERED)
    key = fields.String(
        required=True, metadata={"description": "The id of the key that it is sealed for"}
    )
    created_at = Instant(required=True)
    updated_at = Instant(required=True, metadata={"description": "When its value was last set"})
    updated_by = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A username; null where it is not on record"},
    )
    used_by = fields.List(
        fields.Nested(SecretTaskSchema),
        required=True,
        metadata={"description": "Tasks that use it, newest first; at most 20 are named"},
    )
    used_by_more = fields.Boolean(
        required=True, metadata={"description": "More tasks use it than are named"}
    )


class SecretListSchema(Schema):
    """The secrets of your teams by name."""

    items = fields.List(fields.Nested(SecretSchema), required=True)


class SecretQuerySchema(Schema):
    """Whose secrets."""

    class Meta:
        unknown = RAISE

    team = team_query()


class SecretTeamSchema(Schema):
    """Whose secret."""

    class Meta:
        unknown = RAISE

    team = Text(load_default=None, metadata={"description": TEAM_NAMED})


class SecretDeletionSchema(SecretTeamSchema):
    """Whose secret, and whether it is deleted although tasks use it."""

    class Meta:
        unknown = RAISE

    force = fields.Boolean(
        load_default=False,
        metadata={"description": "Delete it although tasks use it: their next runs fail"},
    )
