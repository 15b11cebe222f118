"""Schemas of backfills."""

from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from punctual_api.http.fields import Flag, Instant

MOST_RUNS = 1000


class BackfillQuerySchema(Schema):
    """Which due times of the past, and whether to run them or only to tell."""

    class Meta:
        unknown = RAISE

    start = Instant(data_key="from", required=True)
    end = Instant(data_key="to", required=True, metadata={"description": "Included; not after now"})
    dry_run = Flag(load_default=True)
    limit = fields.Integer(
        strict=True, load_default=MOST_RUNS, validate=validate.Range(1, MOST_RUNS)
    )

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        start: datetime = data["start"]
        if data["end"] < start:
            raise ValidationError("The end comes before the start.", "to")


class BackfillSchema(Schema):
    """The due times without a start, and the runs that were made for them."""

    dry_run = fields.Boolean(required=True)
    due = fields.List(Instant(), required=True)
    runs = fields.List(
        fields.UUID(), required=True, metadata={"description": "In the order of `due`"}
    )
    next_from = Instant(
        required=True, allow_none=True, metadata={"description": "Where to go on, if there is more"}
    )
