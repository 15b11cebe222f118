"""Schemas of snoozes."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from punctual_api.http.fields import Flag, Instant


class SnoozeChangeSchema(Schema):
    """How long no alerts of a task are sent: until a time, or until it is ok; null: none."""

    class Meta:
        unknown = RAISE

    until = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "A time that is still to come; null ends the snooze"},
    )
    until_ok = Flag(
        load_default=False,
        metadata={"description": "Until the task is ok again, in place of a time"},
    )

    @validates_schema(pass_original=True)
    def _one_of_both(self, values: dict[str, Any], sent: Any, **_: Any) -> None:
        if not sent:
            raise ValidationError(
                'Send {"until": a time}, {"until_ok": true}, or {"until": null} to end a snooze.'
            )
        if values["until_ok"] and values["until"] is not None:
            raise ValidationError("Send either until or until_ok.", "until_ok")


class SnoozeSchema(Schema):
    """A snooze as it is answered."""

    until = Instant(
        required=True, allow_none=True, metadata={"description": "null: until the task is ok"}
    )
    until_ok = fields.Boolean(required=True)
    by = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "A username; null for a link in a message"},
    )
    at = Instant(required=True, metadata={"description": "When it was asked for"})


def snooze_field() -> fields.Nested:
    """Return the field of an answered task."""
    return fields.Nested(
        SnoozeSchema,
        required=True,
        allow_none=True,
        metadata={"description": "While no alerts of it are sent"},
    )
