"""Schemas of runs."""

from marshmallow import RAISE, Schema, fields, validate

from punctual.domain.runs.states import RunState, Trigger
from punctual_api.http.fields import Document, Instant, Text
from punctual_api.http.openapi import VALUES
from punctual_api.teams.fields import ANSWERED, team_query

PAGE = validate.Range(min=1, max=1000)
LEFT_BEHIND = {
    "description": "Processes that outlived the command and its end grace, and were ended: the"
    " most that lived at one time"
}

REASON_ARGS = {"description": "What the code is about: a run, a limit, an exit code"}


class WaitingForSchema(Schema):
    """What a run waits for."""

    code = fields.String(
        required=True,
        validate=validate.OneOf(
            [
                *("no_worker", "limit", "team_slots", "queue_closed"),
                *("other_run", "worker_silent", "no_slot"),
            ]
        ),
    )
    args = fields.Dict(
        required=True,
        metadata={"description": "What the code is about: a queue, a limit, a run"},
    )
    sentence = fields.String(required=True)


class RunSchema(Schema):
    """One due time of one task, and what became of it."""

    id = fields.UUID(required=True)
    task_id = fields.UUID(required=True)
    team = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": f"{ANSWERED['description']}; null where that team was deleted"},
    )
    state = fields.String(required=True, validate=validate.OneOf([*RunState]))
    scheduled_for = Instant(required=True)
    trigger = fields.String(required=True, validate=validate.OneOf([*Trigger]))
    triggered_by = fields.String(
        required=True, allow_none=True, metadata={"description": "The user who asked for it"}
    )
    attempt = fields.Integer(required=True, metadata={"description": "Attempts started so far"})
    max_attempts = fields.Integer(required=True)
    params = fields.Dict(
        required=True, allow_none=True, metadata={"description": "The values of its parameters"}
    )
    started_at = Instant(
        required=True,
        allow_none=True,
        metadata={
            "description": "When the command started. Null while it is not on record, also in state"
            " running: ordered up to 0.43 s before the due time, reported within half a second"
        },
    )
    finished_at = Instant(required=True, allow_none=True)
    lateness_ms = fields.Float(
        required=True, allow_none=True, metadata={"description": "Actual start minus due time"}
    )
    exit_code = fields.Integer(required=True, allow_none=True)
    signal = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    reason_code = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Code of the reason; a missed, skipped, cancelled or lost run has one"
        },
    )
    reason_args = fields.Dict(required=True, allow_none=True, metadata=REASON_ARGS)
    waiting_for = fields.Nested(
        WaitingForSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Why a run waits; null if only for its due time"},
    )
    worker = fields.String(required=True, allow_none=True)
    queue = fields.String(
        required=True, metadata={"description": "Only workers that serve this queue run it"}
    )
    output_bytes = fields.Integer(required=True)
    output_truncated = fields.Boolean(required=True)
    left_behind = fields.Integer(required=True, metadata=LEFT_BEHIND)


class RunNowSchema(Schema):
    """What a run is given; without a body, the defaults."""

    class Meta:
        unknown = RAISE

    body_may_be_absent = True

    params = Document(load_default=dict, metadata=VALUES)


class AttemptSchema(Schema):
    """One start of a run's command."""

    attempt = fields.Integer(required=True)
    state = fields.String(required=True)
    started_at = Instant(required=True, allow_none=True)
    finished_at = Instant(required=True, allow_none=True)
    lateness_ms = fields.Float(required=True, allow_none=True)
    exit_code = fields.Integer(required=True, allow_none=True)
    signal = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    reason_code = fields.String(required=True, allow_none=True)
    reason_args = fields.Dict(required=True, allow_none=True, metadata=REASON_ARGS)
    worker = fields.String(required=True, allow_none=True)
    output_bytes = fields.Integer(required=True)
    output_truncated = fields.Boolean(required=True)
    left_behind = fields.Integer(required=True, metadata=LEFT_BEHIND)
    late = fields.Boolean(
        required=True,
        metadata={"description": "It was counted as lost, and reported its end later"},
    )


class RunDetailSchema(RunSchema):
    """A run with its attempts."""

    attempts = fields.List(fields.Nested(AttemptSchema), required=True)


class RunPageSchema(Schema):
    """A page of runs, newest due time first."""

    items = fields.List(fields.Nested(RunSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PageQuerySchema(Schema):
    """Which page."""

    class Meta:
        unknown = RAISE

    limit = fields.Integer(load_default=50, validate=PAGE)
    cursor = Text(load_default=None, validate=validate.Length(max=200))


class TaskRunsQuerySchema(PageQuerySchema):
    """Which runs of a task."""

    state = Text(load_default=None, validate=validate.OneOf([*RunState]))
    since = Instant(load_default=None)


class RunsQuerySchema(TaskRunsQuerySchema):
    """Which runs."""

    task = fields.UUID(load_default=None)
    team = team_query()


class OutputQuerySchema(Schema):
    """Which output."""

    class Meta:
        unknown = RAISE

    attempt = fields.Integer(load_default=None, validate=validate.Range(min=1, max=32767))
    stream = Text(load_default=None, validate=validate.OneOf(["stdout", "stderr"]))
