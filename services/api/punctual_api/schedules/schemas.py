"""Schemas of schedule previews."""

from datetime import UTC, datetime

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from punctual_api.http.fields import Instant, ScheduleField, Text
from punctual_api.http.openapi import SCHEDULE

LATEST_START = datetime(9000, 1, 1, tzinfo=UTC)


def _near_enough(start: datetime) -> None:
    if start >= LATEST_START:
        raise ValidationError("A preview starts before the year 9000.")


class PreviewQuerySchema(Schema):
    """A schedule to look at, from when on, and how far."""

    class Meta:
        unknown = RAISE

    schedule = ScheduleField(required=True, allow_none=True, metadata=SCHEDULE)
    start = Instant(
        data_key="from",
        load_default=None,
        validate=_near_enough,
        metadata={"description": "Now by default; intervals count from here"},
    )
    calendars = fields.List(
        Text(),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"description": "Names of your calendars, which block due times"},
    )
    count = fields.Integer(strict=True, load_default=5, validate=validate.Range(1, 100))


class PreviewSchema(Schema):
    """A schedule in words, when it is due next, and what may surprise."""

    description = fields.String(required=True)
    next = fields.List(Instant(), required=True)
    warnings = fields.List(fields.String(), required=True)
