"""Events of the audit record as they are answered."""

from marshmallow import Schema, fields, validate

from punctual.domain.audit.actions import Action
from punctual_api.http.fields import Instant, Text
from punctual_api.runs.schemas import PageQuerySchema
from punctual_api.teams.fields import team_query

JSON_LINES = "jsonl"
MOST_LINES = 10_000
"""Events of one export; its last line has the cursor of the next."""


class ActorSchema(Schema):
    """Who acted."""

    id = fields.UUID(required=True, allow_none=True)
    name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The user, or the team's token, as it was named then"},
    )
    token_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The session, login by the API or access token that was used"},
    )


class SubjectSchema(Schema):
    """What it was about."""

    kind = fields.String(required=True, allow_none=True)
    id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "Null where one request did the same to many: see `changes`"},
    )
    name = fields.String(
        required=True, allow_none=True, metadata={"description": "The name as it was then"}
    )


class ExportedSubjectSchema(SubjectSchema):
    """What it was about, or all that it was about."""

    ids = fields.List(
        fields.UUID(), metadata={"description": "Where one request did the same to many"}
    )


class AuditEventSchema(Schema):
    """One action of a user."""

    id = fields.UUID(required=True)
    at = Instant(required=True)
    action = fields.String(required=True, validate=validate.OneOf([*Action]))
    actor = fields.Nested(ActorSchema, required=True)
    object = fields.Nested(SubjectSchema, required=True)
    team = fields.String(
        required=True, allow_none=True, metadata={"description": "The team's slug as it was then"}
    )
    changes = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Raw(allow_none=True)),
        required=True,
        metadata={"description": "The value before and after of each field that changed"},
    )
    ip = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)


class AuditLineSchema(AuditEventSchema):
    """One action of a user, as it is exported."""

    object = fields.Nested(ExportedSubjectSchema, required=True)


class AuditPageSchema(Schema):
    """A page of events, newest first."""

    items = fields.List(fields.Nested(AuditEventSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AuditQuerySchema(PageQuerySchema):
    """Which events."""

    team = team_query()
    actor = Text(
        load_default=None,
        validate=validate.Length(max=64),
        metadata={"description": "Who acted: a username, or the id of a team's token"},
    )
    action = Text(load_default=None, validate=validate.OneOf([*Action]))
    object = fields.UUID(
        load_default=None,
        metadata={"description": "The id of what it was about, alone or among many"},
    )
    since = Instant(load_default=None)
    until = Instant(load_default=None)
    format = Text(
        load_default=None,
        validate=validate.OneOf(["json", JSON_LINES]),
        metadata={
            "description": f"{JSON_LINES}: one event a line, at most {MOST_LINES:,}, as with"
            " `Accept: application/x-ndjson`; where there are more, the last line is"
            " `{next_cursor}`"
        },
    )
