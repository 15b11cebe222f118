"""Schemas of crontabs and of import reports."""

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from punctual.domain.crontab.read import LineKind
from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.zone import zone_named
from punctual_api.http.fields import Flag, Lines, Text

MOST_BYTES = 1024 * 1024
MOST_LINES = 10_000


def _known(zone: str) -> None:
    try:
        zone_named(zone)
    except InvalidSchedule as error:
        raise ValidationError(error.detail) from None


def _not_too_long(crontab: str) -> None:
    lines = crontab.count("\n") + (not crontab.endswith("\n"))
    if len(crontab.encode()) > MOST_BYTES or lines > MOST_LINES:
        raise ValidationError(f"Longer than 1 MiB or {MOST_LINES} lines.")


class CrontabQuerySchema(Schema):
    """A crontab, and how to read it."""

    class Meta:
        unknown = RAISE

    crontab = Lines(required=True, validate=_not_too_long)
    format = Text(
        load_default="user",
        validate=validate.OneOf(["user", "system"]),
        metadata={"description": "`system`: with a user name before each command"},
    )
    timezone = Text(
        load_default="UTC",
        validate=_known,
        metadata={"description": "Time zone of the crontab's machine; a CRON_TZ line overrides it"},
    )
    dry_run = Flag(load_default=True)


class CrontabTaskSchema(Schema):
    """The task that a line becomes; what is not shown has its default."""

    name = fields.String(required=True)
    command = fields.String(required=True)
    schedule = fields.Dict(required=True)
    env = fields.Dict(required=True)
    working_dir = fields.String(required=True, allow_none=True)
    metadata = fields.Dict(required=True)


class CrontabLineSchema(Schema):
    """One line of the crontab, with its kind, notes and task."""

    line = fields.Integer(required=True, metadata={"description": "Counted from 1"})
    text = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*LineKind]))
    notes = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Sentences: why it is a fault, or what to know about the task"},
    )
    task = fields.Nested(CrontabTaskSchema, required=True, allow_none=True)
    task_id = fields.UUID(required=True, allow_none=True)


class CrontabReportSchema(Schema):
    """What an import does, or did, line by line."""

    dry_run = fields.Boolean(required=True)
    entries = fields.Integer(required=True, metadata={"description": "Lines that become tasks"})
    faults = fields.Integer(
        required=True, metadata={"description": "Lines that cannot be imported"}
    )
    lines = fields.List(fields.Nested(CrontabLineSchema), required=True)


class CrontabExportQuerySchema(Schema):
    """For which machine."""

    class Meta:
        unknown = RAISE

    timezone = Text(
        load_default="UTC",
        validate=_known,
        metadata={"description": "Time zone of the machine that it is for"},
    )
    tag = Text(load_default=None, metadata={"description": "Only tasks with this tag"})
    team = Text(
        load_default=None,
        metadata={"description": "Slug of the team; your personal one by default"},
    )
