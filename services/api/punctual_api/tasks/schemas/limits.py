"""Schemas of resource limits."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.http.fields import KIB


class LimitsSchema(Schema):
    """What one attempt may use; what is absent or null is left to the worker."""

    class Meta:
        unknown = RAISE

    processes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(1, 1_000_000),
        metadata={"description": "Processes at once, threads included"},
    )
    memory_bytes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(KIB * KIB, 2**50),
        metadata={"description": "Memory of all its processes together"},
    )
    file_bytes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(1, 2**50),
        metadata={"description": "Size of any one file it writes"},
    )
