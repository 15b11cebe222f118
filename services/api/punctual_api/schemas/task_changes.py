"""Tasks as they are sent to replace or change one: as new ones are, or as they were answered."""

from marshmallow import RAISE

from punctual_api.schemas.sent_back import SentBackSchema, told
from punctual_api.schemas.tasks import NewTaskSchema, TaskFields, TaskSchema


class TaskReplacementSchema(SentBackSchema, NewTaskSchema):
    """What PUT makes of a task; absent fields get their defaults."""

    class Meta:
        unknown = RAISE
        include = told(
            TaskSchema,
            decided=TaskFields,
            type=": which of command, script and http is sent decides",
            enabled=": POST …/pause/ and …/resume/ decide",
            paused_until=": POST …/pause/ decides",
            version=": If-Match guards against changes of others",
        )


class TaskChangesSchema(TaskReplacementSchema):
    """What PATCH changes of a task; absent fields stay as they are."""
