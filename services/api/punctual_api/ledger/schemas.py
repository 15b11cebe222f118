"""Schemas of the ledger."""

from typing import Any

from marshmallow import Schema, fields, validate

from punctual.domain.reader import PLAIN, Reader
from punctual.domain.runs.ledger import Reason
from punctual.domain.wording import ledger_clause, ledger_sentence
from punctual.store.ledger.entries import Noted
from punctual_api.http.fields import Instant, Text
from punctual_api.runs.schemas import REASON_ARGS, PageQuerySchema


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
    reason_code = fields.String(
        required=True, allow_none=True, metadata={"description": "Code of what lies behind it"}
    )
    reason_args = fields.Dict(required=True, allow_none=True, metadata=REASON_ARGS)
    sentence = fields.String(required=True)
    lateness_ms = fields.Float(required=True, allow_none=True)
    run_id = fields.UUID(required=True, allow_none=True)
    detail = fields.Dict(required=True, metadata={"description": "Ids behind the sentence"})
    noted_at = Instant(required=True)


class LedgerPageSchema(Schema):
    """A page of the ledger, newest due time first."""

    items = fields.List(fields.Nested(LedgerRowSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def ledger_document(row: Noted, reader: Reader = PLAIN) -> dict[str, Any]:
    """What LedgerRowSchema answers of a row, its sentence for this reader."""
    because = ledger_clause(row.reason, row.cause, row.text, reader)
    return {
        "due_time": row.scheduled_for,
        "until": row.until,
        "times": row.times,
        "reason": row.reason,
        "reason_code": row.cause and row.cause.code,
        "reason_args": row.cause and row.cause.args,
        "sentence": ledger_sentence(row.reason, because, lateness=row.lateness, times=row.times),
        "lateness_ms": None if row.lateness is None else row.lateness * 1000,
        "run_id": row.run_id,
        "detail": {key: value for key, value in row.detail.items() if key != "lateness_ms"},
        "noted_at": row.noted_at,
    }
