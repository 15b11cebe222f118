"""Badges as they are sent and answered."""

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from punctual_api.http.fields import Instant, Label, Text

TASK = {"description": "The task whose health it shows"}
TAG = {"description": "It shows the worst health of the team's tasks that have this tag"}
TEAM = {"description": "Slug of the team; yours by default. Alone: the worst of all its tasks"}


class NewBadgeSchema(Schema):
    """A badge as it is created."""

    class Meta:
        unknown = RAISE

    name = Label(
        required=True,
        validate=validate.Length(min=1, max=60),
        metadata={"description": "The left half of the picture"},
    )
    task = fields.UUID(load_default=None, allow_none=True, metadata=TASK)
    tag = Label(load_default=None, allow_none=True, validate=validate.Length(max=50), metadata=TAG)
    team = Text(load_only=True, allow_none=True, validate=validate.Length(max=64), metadata=TEAM)

    @validates_schema
    def _one_target(self, data: dict[str, object], **_: object) -> None:
        if data.get("task") is not None and data.get("tag"):
            raise ValidationError("Send either task or tag.", "tag")


class BadgeSchema(Schema):
    """A badge without its address."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    task = fields.UUID(required=True, allow_none=True, metadata=TASK)
    tag = fields.String(required=True, allow_none=True, metadata=TAG)
    created_by = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    last_used_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "To about a minute; null: not used yet"},
    )


class CreatedBadgeSchema(BadgeSchema):
    """A badge with its address, which is shown this once."""

    url = fields.String(
        required=True,
        metadata={"description": "Of the picture; with .json at its end, for shields.io"},
    )


class BadgeListSchema(Schema):
    """Badges, newest first."""

    items = fields.List(fields.Nested(BadgeSchema), required=True)


class BadgeQuerySchema(Schema):
    """Whose badges."""

    task = fields.UUID(load_default=None, metadata={"description": "Only those of this task"})
    team = Text(load_default=None, metadata={"description": "Slug of the team; yours by default"})
