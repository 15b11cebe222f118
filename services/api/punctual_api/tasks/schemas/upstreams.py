"""Schemas of upstream tasks."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from punctual.domain.runs.after import On
from punctual_api.http.fields import Text


class UpstreamSchema(Schema):
    """A task to run after, and the ends of it that count."""

    class Meta:
        unknown = RAISE

    task = fields.UUID(required=True)
    on = Text(load_default=On.SUCCESS.value, validate=validate.OneOf([*On]))

    @post_load
    def _as_stored(self, values: dict[str, Any], **_: Any) -> dict[str, str]:
        if "task" not in values:  # a PATCH may leave out what it likes, but not within this
            raise ValidationError("Missing data for required field.", "task")
        return {"task": str(values["task"]), "on": values.get("on", On.SUCCESS.value)}


def once_each(edges: list[dict[str, str]]) -> None:
    """Raise ValidationError when a task is named twice."""
    if len({edge["task"] for edge in edges}) < len(edges):
        raise ValidationError("Each task may be named only once.")
