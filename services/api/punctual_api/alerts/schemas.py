"""Schemas of rules: which events go to which channel."""

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from punctual.domain.alerts.events import EventKind
from punctual_api.alerts.installation import installation_field, installation_query
from punctual_api.http.fields import BoundedList, Flag, Instant, Label, Text
from punctual_api.teams.fields import team_field, team_query

MOST_TAGS = 50
MOST_TASKS = 200
MOST_RUNS = 1000
MOST_SECONDS = 7 * 86_400

WHEN = validate.OneOf(["change", "every"])
ON = {"description": "Kinds of events; those of operators for the installation alone"}
CHANGE = {
    "description": "change: when a task begins to fail and when it recovers, other events about it"
    " once a day; every: each event"
}


class EscalationSchema(Schema):
    """After how many failures in a row, or how long, another channel is sent what still fails."""

    class Meta:
        unknown = RAISE

    channel = fields.UUID(required=True)
    after_runs = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(2, MOST_RUNS)
    )
    after_seconds = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(60, MOST_SECONDS)
    )

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("after_runs") is None and data.get("after_seconds") is None:
            raise ValidationError("Give after_runs, after_seconds or both.", "after_runs")


def _on(**options: Any) -> BoundedList:
    return BoundedList(
        Text(validate=validate.OneOf([*EventKind])),
        validate=validate.Length(min=1, max=len(EventKind)),
        metadata=ON,
        **options,
    )


def _tags(**options: Any) -> BoundedList:
    return BoundedList(
        Label(validate=validate.Length(min=1, max=50)),
        allow_none=True,
        validate=validate.Length(min=1, max=MOST_TAGS),
        metadata={"description": "Tasks with any of these tags; null: of any tag"},
        **options,
    )


def _tasks(**options: Any) -> BoundedList:
    return BoundedList(
        fields.UUID(),
        allow_none=True,
        validate=validate.Length(min=1, max=MOST_TASKS),
        metadata={"description": "These tasks alone; null: any of the team"},
        **options,
    )


def _escalation(**options: Any) -> fields.Field[Any]:
    return fields.Nested(EscalationSchema, allow_none=True, **options)


class NewRuleSchema(Schema):
    """A rule as it is created."""

    class Meta:
        unknown = RAISE

    channel = fields.UUID(required=True)
    on = _on(required=True)
    tags = _tags(load_default=None)
    tasks = _tasks(load_default=None)
    when = fields.String(load_default="change", validate=WHEN, metadata=CHANGE)
    escalation = _escalation(load_default=None)
    enabled = Flag(load_default=True)
    team = team_field()
    installation = installation_field()


class RuleChangesSchema(Schema):
    """What PATCH changes of a rule; absent fields stay as they are."""

    class Meta:
        unknown = RAISE

    channel = fields.UUID()
    on = _on()
    tags = _tags()
    tasks = _tasks()
    when = fields.String(validate=WHEN, metadata=CHANGE)
    escalation = _escalation()
    enabled = Flag()


class RuleSchema(Schema):
    """A rule as it is answered."""

    id = fields.UUID(required=True)
    team = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The slug of its team; null: it is of the installation"},
    )
    channel = fields.UUID(required=True)
    channel_name = fields.String(required=True)
    on = fields.List(fields.String(), required=True, metadata=ON)
    tags = fields.List(fields.String(), required=True, allow_none=True)
    tasks = fields.List(fields.UUID(), required=True, allow_none=True)
    when = fields.String(required=True, validate=WHEN, metadata=CHANGE)
    escalation = fields.Nested(EscalationSchema, required=True, allow_none=True)
    enabled = fields.Boolean(required=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)
    updated_by = fields.String(required=True, allow_none=True)


class RuleListSchema(Schema):
    """Rules, oldest first."""

    items = fields.List(fields.Nested(RuleSchema), required=True)


class RuleQuerySchema(Schema):
    """Which rules."""

    class Meta:
        unknown = RAISE

    team = team_query()
    installation = installation_query()
