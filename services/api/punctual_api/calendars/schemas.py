"""Schemas of calendars."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from punctual.domain.calendars.syntax import MOST_DAYS, MOST_WINDOWS, parse_calendar, to_documents
from punctual.domain.errors import InvalidCalendar
from punctual_api.http.context import team_slug
from punctual_api.http.fields import Instant, Label, Text, fault_tree
from punctual_api.http.readonly_fields import SentBackSchema, readonly_names
from punctual_api.teams.fields import ANSWERED, team_field

LONGEST_NAME = 100

_CLOCK = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_INSTANT = {"type": "string", "format": "date-time"}
_WINDOW: dict[str, Any] = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"from": _INSTANT, "to": _INSTANT},
            "required": ["from", "to"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "weekday": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
                "start": _CLOCK,
                "end": {
                    **_CLOCK,
                    "description": "An end that is not later than its start is on the next day",
                },
            },
            "required": ["weekday", "start", "end"],
            "additionalProperties": False,
        },
    ]
}


class CalendarFields(Schema):
    """What a user decides about a calendar."""

    name = Label(required=True, validate=validate.Length(min=1, max=LONGEST_NAME))
    timezone = Text(
        load_default="UTC", metadata={"description": "Days and times of day are in this time zone"}
    )
    days = fields.Raw(
        load_default=list,
        metadata={
            "type": "array",
            "items": {"type": "string", "format": "date"},
            "maxItems": MOST_DAYS,
            "description": "Tasks that name it are not due on these days",
        },
    )
    windows = fields.Raw(
        load_default=list,
        metadata={
            "type": "array",
            "items": _WINDOW,
            "maxItems": MOST_WINDOWS,
            "description": "Not due from the start up to, but not including, the end",
        },
    )


class NewCalendarSchema(CalendarFields):
    """A calendar as it is created."""

    class Meta:
        unknown = RAISE

    team = team_field()

    @post_load
    def _finish(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        values.pop("team", None)
        try:
            calendar = parse_calendar(**values)
        except InvalidCalendar as error:
            raise ValidationError(fault_tree(error)) from None
        days, windows = to_documents(calendar)
        return {**values, "days": days, "windows": windows}


class CalendarSchema(CalendarFields):
    """A calendar as it is answered."""

    id = fields.UUID(required=True)
    team = fields.Function(
        lambda row: team_slug(row.team_id), metadata={**ANSWERED, "type": "string"}
    )
    created_at = Instant(required=True)
    updated_at = Instant(required=True)
    version = fields.Integer(required=True)


class CalendarReplacementSchema(SentBackSchema, NewCalendarSchema):
    """What PUT makes of a calendar."""

    class Meta:
        unknown = RAISE
        include = readonly_names(CalendarSchema, decided=CalendarFields)


class CalendarListSchema(Schema):
    """Your calendars by name."""

    items = fields.List(fields.Nested(CalendarSchema), required=True)
