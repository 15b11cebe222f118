"""Schemas of outages."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from punctual.store.outages.outages import Became, Gap, TaskInOutage, TeamsOutage, due_times_in
from punctual_api.http.fields import Instant
from punctual_api.teams.fields import team_query

MOST_TASKS = 1000
MOST_RUNS = 1000

KINDS = {
    "on_time": "Started within a second: planned before the gap",
    "late": "Started later",
    "waiting": "Still to start",
    "missed": "Left out, by `catch_up` or the start deadline",
    "skipped": "Another run was not finished",
    "held": "A calendar forbids them",
    "cancelled": "Cancelled before the start",
    "backfilled": "Of these, run after all",
}


class OutagesQuerySchema(Schema):
    """How many of them."""

    class Meta:
        unknown = RAISE

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    team = team_query()


BecameSchema = Schema.from_dict(
    {
        kind: fields.Integer(required=True, metadata={"description": meaning})
        for kind, meaning in KINDS.items()
    },
    name="BecameSchema",
)


class OutageSchema(Schema):
    """A time without a coordinator, and what became of your due times in it."""

    id = fields.UUID(required=True)
    start = Instant(required=True, data_key="from")
    end = Instant(required=True, data_key="to")
    seconds = fields.Float(required=True)
    due_times = fields.Integer(required=True)
    became = fields.Nested(BecameSchema, required=True)


class OutagePageSchema(Schema):
    """Outages, newest first."""

    items = fields.List(fields.Nested(OutageSchema), required=True)


class OutageTaskSchema(Schema):
    """A task that was due in an outage."""

    task_id = fields.UUID(required=True)
    name = fields.String(required=True)
    deleted = fields.Boolean(required=True)
    due_times = fields.Integer(required=True)
    became = fields.Nested(BecameSchema, required=True)


class OutageReportSchema(OutageSchema):
    """An outage, task by task: those with most missed due times first, at most 1000."""

    tasks = fields.List(fields.Nested(OutageTaskSchema), required=True)


class ChosenTasks(fields.Field[Any]):
    """Ids of tasks, or "all"."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if value == "all":
            return None
        if not isinstance(value, list) or not value:
            raise ValidationError('This is "all" or a list of task ids.')
        return fields.List(fields.UUID(), validate=validate.Length(max=10_000)).deserialize(value)


class OutageBackfillQuerySchema(Schema):
    """Whose missed due times to run after all."""

    class Meta:
        unknown = RAISE

    tasks = ChosenTasks(
        required=True,
        metadata={
            "oneOf": [
                {"const": "all"},
                {"type": "array", "minItems": 1, "items": {"type": "string", "format": "uuid"}},
            ]
        },
    )
    limit = fields.Integer(
        strict=True, load_default=MOST_RUNS, validate=validate.Range(1, MOST_RUNS)
    )


class OutageRunsSchema(Schema):
    """The runs made for one task."""

    task_id = fields.UUID(required=True)
    runs = fields.List(fields.UUID(), required=True)


class OutageBackfillSchema(Schema):
    """The runs that were made."""

    tasks = fields.List(fields.Nested(OutageRunsSchema), required=True)
    more = fields.Boolean(
        required=True,
        metadata={"description": "The limit was reached: repeat the call for the rest"},
    )


def outage_document(outage: TeamsOutage) -> dict[str, Any]:
    """What OutageSchema answers of an outage."""
    gap = outage.gap
    return {**_times(gap), **became_document(outage.became)}


def report_document(
    gap: Gap, tasks: list[TaskInOutage], *, most: int = MOST_TASKS
) -> dict[str, Any]:
    """What OutageReportSchema answers of an outage."""
    total: Became = sum((task.became for task in tasks), Became())
    documents = [
        {
            "task_id": task.task_id,
            "name": task.name,
            "deleted": task.deleted,
            **became_document(task.became),
        }
        for task in tasks[:most]
    ]
    return {**_times(gap), **became_document(total), "tasks": documents}


def became_document(became: Became) -> Mapping[str, Any]:
    """What became of due times, every kind by name, and how many they are."""
    return {
        "due_times": due_times_in(became),
        "became": {kind: became[kind] for kind in KINDS},
    }


def _times(gap: Gap) -> dict[str, Any]:
    seconds = (gap.to_at - gap.from_at).total_seconds()
    return {"id": gap.id, "start": gap.from_at, "end": gap.to_at, "seconds": seconds}
