"""Schemas of errors."""

from marshmallow import Schema, fields

from punctual_api.http.problem_kinds import INVALID


class FaultSchema(Schema):
    """One thing that is wrong with what was sent."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer to the faulty value"}
    )
    detail = fields.String(required=True)


class ProblemSchema(Schema):
    """An error (RFC 9457)."""

    type = fields.String(
        required=True,
        metadata={
            "format": "uri-reference",
            "description": "Of which kind it is: the address of a page about it, one for each",
            "example": INVALID.type,
        },
    )
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema), required=True)
    request_id = fields.String(required=True)
