"""Tasks as they are sent to replace or change one: as new ones are, or as they were answered."""

from typing import Any

from flask import has_request_context, request
from marshmallow import RAISE, ValidationError
from sqlalchemy import select

from punctual.store.schema.models import Task
from punctual_api.http.context import session, team_id
from punctual_api.http.fields import ScheduleField
from punctual_api.http.openapi import SCHEDULE
from punctual_api.http.readonly_fields import SentBackSchema, readonly_names
from punctual_api.tasks.schemas.tasks import NewTaskSchema, TaskSchema


class ChangedScheduleField(ScheduleField):
    """A schedule as a new one, or the one that the task in the request's address has already.

    What was saved once stays valid, though a new one like it would be refused.
    """

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **kwargs)
        except ValidationError:
            if not has_request_context() or value != _stored_schedule():
                raise
            return value


def _stored_schedule() -> object:
    task_id = (request.view_args or {}).get("task_id")
    own = select(Task.schedule).where(Task.id == task_id, Task.team_id == team_id())
    return session().scalars(own).one_or_none()


class TaskReplacementSchema(SentBackSchema, NewTaskSchema):
    """What PUT makes of a task; absent fields get their defaults."""

    class Meta:
        unknown = RAISE
        include = readonly_names(
            TaskSchema,
            decided=NewTaskSchema,
            type=": which of command, script and http is sent decides",
            enabled=": POST …/pause/ and …/resume/ decide",
            paused_until=": POST …/pause/ decides",
            snooze=": POST …/snooze/ decides",
            version=": If-Match guards against changes of others",
        )

    schedule = ChangedScheduleField(load_default=None, allow_none=True, metadata=SCHEDULE)


class TaskChangesSchema(TaskReplacementSchema):
    """What PATCH changes of a task; absent fields stay as they are."""
