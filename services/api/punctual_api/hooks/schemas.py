"""Hooks as they are sent and answered."""

from marshmallow import RAISE, Schema, fields, validate

from punctual.domain.runs.states import RunState
from punctual_api.http.fields import Instant, Label


class NewHookSchema(Schema):
    """A hook as it is created."""

    class Meta:
        unknown = RAISE

    name = Label(
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata={"description": "What calls it; shown in lists, and by each run that it asks for"},
    )


class HookSchema(Schema):
    """A hook without its address."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    created_by = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    last_used_at = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "To about a minute; null: not used yet"},
    )


class CreatedHookSchema(HookSchema):
    """A hook with its address, which is shown this once."""

    url = fields.String(
        required=True,
        metadata={"description": "POST to it runs the task; everyone who has it can"},
    )


class HookPageSchema(Schema):
    """A page of hooks, newest first."""

    items = fields.List(fields.Nested(HookSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class HookRunSchema(Schema):
    """What a run shows to those who have the address of the hook that asked for it."""

    id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf([*RunState]))
    scheduled_for = Instant(required=True)
    started_at = Instant(required=True, allow_none=True)
    finished_at = Instant(required=True, allow_none=True)
    exit_code = fields.Integer(required=True, allow_none=True)
