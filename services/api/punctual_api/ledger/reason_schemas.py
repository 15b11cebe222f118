"""Schemas of reasons."""

from datetime import UTC, datetime

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from punctual.domain.runs.why import Verdict
from punctual_api.http.fields import Instant
from punctual_api.runs.schemas import RunSchema

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def _sensible(at: datetime) -> None:
    if not EARLIEST <= at < LATEST:
        raise ValidationError("Must be in the years 2000 to 8999.")


class WhyQuerySchema(Schema):
    """About when."""

    class Meta:
        unknown = RAISE

    at = Instant(
        load_default=None,
        validate=_sensible,
        metadata={"description": "Now by default"},
    )


class WhySchema(Schema):
    """What became of a due time."""

    at = Instant(required=True)
    due = Instant(
        required=True,
        allow_none=True,
        data_key="due_time",
        metadata={"description": "The due time at or nearest before `at`"},
    )
    verdict = fields.String(required=True, validate=validate.OneOf([*Verdict]))
    sentence = fields.String(required=True)
    run = fields.Nested(RunSchema, required=True, allow_none=True)
    next_due = Instant(
        required=True,
        allow_none=True,
        data_key="next_due_time",
        metadata={"description": "The schedule's first due time after `at`"},
    )
