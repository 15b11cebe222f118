"""Lists of tasks: which ones, in which order, and a page of them."""

from marshmallow import Schema, fields, validate

from punctual.domain.runs.health import Health
from punctual.store.tasks.listing import STATUSES
from punctual_api.http.fields import Text
from punctual_api.runs.schemas import PageQuerySchema
from punctual_api.tasks.schemas.tasks import TaskSchema
from punctual_api.teams.fields import team_query

NEWEST, BY_HEALTH = "newest", "health"
SORTS = (NEWEST, BY_HEALTH)


class TaskPageSchema(Schema):
    """A page of tasks, newest first."""

    items = fields.List(fields.Nested(TaskSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TaskQuerySchema(PageQuerySchema):
    """Which tasks, in which order."""

    status = Text(load_default=None, validate=validate.OneOf(STATUSES))
    health = fields.List(
        Text(validate=validate.OneOf(list(Health))),
        load_default=(),
        metadata={"description": "May be repeated: any of these"},
    )
    sort = Text(
        load_default=NEWEST,
        validate=validate.OneOf(SORTS),
        metadata={"description": "Newest first, or the worst health first and then the newest"},
    )
    tag = Text(load_default=None)
    q = Text(load_default=None, validate=validate.Length(max=200))
    team = team_query()
