"""Tasks as they are sent and answered."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from punctual.domain.anomalies.verdict import Sensitivity
from punctual.domain.runs.health import Health
from punctual.domain.runs.limits import LONGEST_END_GRACE
from punctual.domain.runs.queue import DEFAULT_QUEUE, QUEUE_RULE, is_queue
from punctual.domain.runs.states import CatchUp, Overlap
from punctual.store.tasks.listing import STATUSES
from punctual_api.calendars.schemas import LONGEST_NAME
from punctual_api.concurrency.schemas import MOST_CONCURRENT
from punctual_api.http.fields import (
    KIB,
    Document,
    Environment,
    ExitCodes,
    Instant,
    Label,
    Lines,
    Number,
    Params,
    ScheduleField,
    Text,
)
from punctual_api.http.openapi import CATCH_UP, EXIT_CODES, PARAMS, SCHEDULE, TEXT_OR_SECRET
from punctual_api.runs.schemas import RunSchema
from punctual_api.tasks.schemas.cross_field_checks import check_http, check_together
from punctual_api.tasks.schemas.http_request import HttpSchema
from punctual_api.tasks.schemas.limits import (
    DEFAULT_TIMEOUT,
    LimitsSchema,
    TimeoutField,
    within_maximum,
)
from punctual_api.tasks.schemas.pings import PingSchema
from punctual_api.tasks.schemas.snoozes import snooze_field
from punctual_api.tasks.schemas.task_types import (
    TYPES,
    ScriptSchema,
    Whole,
    check_command,
    choose_type,
    default_name,
)
from punctual_api.tasks.schemas.upstreams import UpstreamSchema, once_each
from punctual_api.teams.fields import ANSWERED, team_field

DAY = 86_400
USERNAME = {"description": "A username; null where it is not on record"}
MOST_RUNS = 1_000_000_000


def _queue(name: str) -> None:
    if not is_queue(name):
        raise ValidationError(QUEUE_RULE)


def _more_than_nothing(maximum: float) -> validate.Range:
    return validate.Range(min=0, max=maximum, min_inclusive=False)


class TaskFields(Schema):
    """What a user decides about a task."""

    name = Label(validate=validate.Length(min=1, max=200))
    command = Lines(
        load_default=None,
        allow_none=True,
        validate=check_command,
        metadata={"minLength": 1, "maxLength": 32 * KIB, "description": "Run by /bin/sh -c"},
    )
    script = Whole(
        ScriptSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "In place of a command"},
    )
    http = Whole(
        HttpSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "A request in place of a command"},
    )
    schedule = ScheduleField(load_default=None, allow_none=True, metadata=SCHEDULE)
    max_retries = fields.Integer(strict=True, load_default=3, validate=validate.Range(0, 100))
    retry_delay = Number(load_default=10.0, validate=validate.Range(0, DAY))
    retry_delay_max = Number(load_default=3600.0, validate=validate.Range(0, 7 * DAY))
    retry_on = ExitCodes(
        load_default=None,
        allow_none=True,
        metadata={**EXIT_CODES, "description": "Only these are retried; null = all are"},
    )
    no_retry_on = ExitCodes(
        load_default=None,
        allow_none=True,
        metadata={**EXIT_CODES, "description": "These are not retried, everything else is"},
    )
    timeout = TimeoutField(
        load_default=DEFAULT_TIMEOUT,
        validate=[_more_than_nothing(7 * DAY), within_maximum("timeout_seconds")],
        metadata={"exclusiveMinimum": 0},
    )
    end_grace = Number(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, LONGEST_END_GRACE),
        metadata={
            "description": "How many seconds background processes may go on after the command; "
            "null = the worker's default, PUNCTUAL_END_GRACE_SECONDS"
        },
    )
    env = Environment(
        load_default=dict,
        metadata={"type": "object", "additionalProperties": TEXT_OR_SECRET},
    )
    params = Params(load_default=None, allow_none=True, metadata=PARAMS)
    working_dir = Text(
        load_default=None,
        allow_none=True,
        validate=[
            validate.Length(max=4096),
            validate.Regexp(r"^/", error="A working directory starts with a slash."),
        ],
    )
    tags = fields.List(
        Label(validate=validate.Length(min=1, max=50)),
        load_default=list,
        validate=validate.Length(max=20),
    )
    metadata = Document(
        load_default=dict, metadata={"type": "object", "additionalProperties": True}
    )
    anomalies = Text(
        load_default=Sensitivity.NORMAL.value,
        validate=validate.OneOf(list(Sensitivity)),
        metadata={
            "description": "How unlike the task's other runs a success must be in duration or"
            " output to make it suspicious; off judges none"
        },
    )
    overlap = Text(load_default="skip", validate=validate.OneOf([*Overlap]))
    after = fields.List(
        fields.Nested(UpstreamSchema),
        load_default=list,
        validate=[validate.Length(max=20), once_each],
        metadata={
            "description": "It runs when all of these have finished with the required outcome"
        },
    )
    max_concurrent = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, MOST_CONCURRENT),
        metadata={
            "description": "At most this many of its runs run at once, with `overlap: allow`"
        },
    )
    queue = Text(
        load_default=DEFAULT_QUEUE,
        validate=_queue,
        metadata={
            "description": "Only workers that serve this queue run it",
            "pattern": "^[a-z0-9-]{1,40}$",
        },
    )
    calendars = fields.List(
        Text(validate=validate.Length(min=1, max=LONGEST_NAME)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=20),
        metadata={"description": "Names of your calendars; the task is not due in them"},
    )
    catch_up = Text(load_default="latest", validate=validate.OneOf([*CatchUp]), metadata=CATCH_UP)
    start_deadline = Number(
        load_default=None,
        allow_none=True,
        validate=_more_than_nothing(366 * DAY),
        metadata={"exclusiveMinimum": 0},
    )
    priority = fields.Integer(strict=True, load_default=5, validate=validate.Range(0, 9))
    max_runs = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, MOST_RUNS),
        metadata={"description": "After that many runs by schedule it is not due any more"},
    )
    limits = fields.Nested(
        LimitsSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "What one attempt may use; one that exceeds a limit fails"},
    )
    ping = Whole(
        PingSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "Requests to a monitor outside; null = none"},
    )
    jitter = Number(
        load_default=0.0,
        validate=validate.Range(0, DAY),
        metadata={
            "description": "Maximum delay in seconds; each due time gets a pseudo-random part of it"
        },
    )


class NewTaskSchema(TaskFields):
    """A task as it is created."""

    class Meta:
        unknown = RAISE

    team = team_field()
    schedule_time = Instant(
        load_only=True, metadata={"description": 'Short form of {"schedule": {"at": t}}'}
    )

    @post_load
    def _finish(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        if values.get("team", "") is None:
            del values["team"]
        if "schedule_time" in values:
            at = values.pop("schedule_time")
            if values.get("schedule"):
                raise ValidationError("Send either schedule or schedule_time.", "schedule_time")
            values["schedule"] = ScheduleField().deserialize(
                {"at": Instant().serialize("at", {"at": at})}
            )
        if values.get("retry_on") is not None:
            if values.get("no_retry_on") is not None:
                raise ValidationError("Send either retry_on or no_retry_on.", "no_retry_on")
            values["no_retry_on"] = None
        elif values.get("no_retry_on") is not None:
            values["retry_on"] = None
        choose_type(values, whole=not self.partial)
        if not self.partial:
            values.setdefault("name", default_name(values))
        if values.get("limits") is not None:
            own = {name: most for name, most in values["limits"].items() if most is not None}
            values["limits"] = own or None
        if "tags" in values:
            values["tags"] = list(dict.fromkeys(values["tags"]))
        if "calendars" in values:
            values["calendars"] = list(dict.fromkeys(values["calendars"] or ())) or None
        if not self.partial:
            check_together(values)
            check_http(values)
        return values


class TaskSchema(TaskFields):
    """A task as it is answered, from a dict that has all of it."""

    id = fields.UUID(required=True)
    team = fields.String(required=True, metadata=ANSWERED)
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    health = fields.String(required=True, validate=validate.OneOf(list(Health)))
    enabled = fields.Boolean(required=True)
    paused_until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When its pause ends by itself"},
    )
    snooze = snooze_field()
    next_run_at = Instant(required=True, allow_none=True)
    last_run = fields.Nested(RunSchema, required=True, allow_none=True)
    retries = fields.Integer(
        required=True, metadata={"description": "How many retries the last run used"}
    )
    planned_runs = fields.Integer(
        required=True, metadata={"description": "How many runs were planned by schedule"}
    )
    warnings = fields.List(fields.String(), required=True)
    created_at = Instant(required=True)
    created_by = fields.String(required=True, allow_none=True, metadata=USERNAME)
    updated_at = Instant(required=True)
    updated_by = fields.String(required=True, allow_none=True, metadata=USERNAME)
    version = fields.Integer(required=True)
