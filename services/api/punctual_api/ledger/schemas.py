"""The ledger as it is asked for and answered."""

from typing import Any

from marshmallow import Schema, fields, validate

from punctual.domain.runs.ledger import Reason, ledger_sentence
from punctual.store.ledger.entries import Noted
from punctual_api.http.fields import Instant, Text
from punctual_api.runs.schemas import PageQuerySchema


class LedgerQuerySchema(PageQuerySchema):
    """Which rows of a task's ledger."""

    reason = Text(load_default=None, validate=validate.OneOf([*Reason]))
    since = Instant(load_default=None)


class LedgerRowSchema(Schema):
    """A due time that did not become a plain start on time, or several that share a reason."""

    due_time = Instant(required=True)
    until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "The last of several due times that this row is about"},
    )
    times = fields.Integer(required=True, metadata={"description": "How many due times they are"})
    reason = fields.String(required=True, validate=validate.OneOf([*Reason]))
    sentence = fields.String(required=True)
    lateness_ms = fields.Float(required=True, allow_none=True)
    run_id = fields.UUID(required=True, allow_none=True)
    detail = fields.Dict(required=True, metadata={"description": "Ids behind the sentence"})
    noted_at = Instant(required=True)


class LedgerPageSchema(Schema):
    """A page of the ledger, newest due time first."""

    items = fields.List(fields.Nested(LedgerRowSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def ledger_document(row: Noted) -> dict[str, Any]:
    """What LedgerRowSchema answers of a row."""
    return {
        "due_time": row.scheduled_for,
        "until": row.until,
        "times": row.times,
        "reason": row.reason,
        "sentence": ledger_sentence(
            row.reason, row.because, lateness=row.lateness, times=row.times
        ),
        "lateness_ms": None if row.lateness is None else row.lateness * 1000,
        "run_id": row.run_id,
        "detail": {key: value for key, value in row.detail.items() if key != "lateness_ms"},
        "noted_at": row.noted_at,
    }
