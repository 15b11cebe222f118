"""Versions of a task as they are answered."""

from marshmallow import Schema, fields

from punctual_api.http.fields import Instant


class VersionSchema(Schema):
    """A version of a task: who made it, when, and what changed with it."""

    version = fields.Integer(required=True)
    at = Instant(required=True)
    by = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The user who made it; null for what an older release wrote"},
    )
    changes = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Raw(allow_none=True)),
        required=True,
        metadata={
            "description": "The value before and now of each field that changed, as in the audit"
            " record; none of the oldest version"
        },
    )


class VersionDetailSchema(VersionSchema):
    """A version with the whole task, as PUT would take it."""

    task = fields.Dict(required=True)


class VersionPageSchema(Schema):
    """A page of versions, newest first."""

    items = fields.List(fields.Nested(VersionSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
