"""Schemas of creating many tasks at once."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.http.fields import BoundedList
from punctual_api.tasks.schemas.tasks import NewTaskSchema


class BulkSchema(Schema):
    """Tasks to be created, all or none."""

    class Meta:
        unknown = RAISE

    items = BoundedList(
        fields.Nested(NewTaskSchema), required=True, validate=validate.Length(min=1, max=10_000)
    )


class BulkAnswerSchema(Schema):
    """The ids of the new tasks, in the order in which they were sent."""

    ids = fields.List(fields.UUID(), required=True)
