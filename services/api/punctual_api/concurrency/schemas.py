"""Schemas of concurrency limits."""

from marshmallow import RAISE, Schema, fields, validate

from punctual_api.http.fields import Label
from punctual_api.teams.fields import ANSWERED, team_field

MOST_CONCURRENT = 100_000


class ConcurrencyChangeSchema(Schema):
    """How many at once."""

    class Meta:
        unknown = RAISE

    max_concurrent = fields.Integer(
        strict=True, required=True, validate=validate.Range(1, MOST_CONCURRENT)
    )


class NewConcurrencySchema(ConcurrencyChangeSchema):
    """A limit as it is sent."""

    tag = Label(
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=50),
        metadata={"description": "Runs of tasks with this tag; null: all runs of the team"},
    )
    team = team_field()


class ConcurrencySchema(NewConcurrencySchema):
    """A limit as it is answered."""

    id = fields.UUID(required=True)
    team = fields.String(required=True, metadata=ANSWERED)
    running = fields.Integer(
        required=True, metadata={"description": "How many count towards it now"}
    )
    waiting = fields.Integer(
        required=True,
        metadata={"description": "How many due runs wait as it is reached, up to 10,000"},
    )


class ConcurrencyPageSchema(Schema):
    """All limits, oldest first."""

    items = fields.List(fields.Nested(ConcurrencySchema), required=True)
