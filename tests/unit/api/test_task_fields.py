"""A column of a task, its field in the API and its field in the form belong together."""

from punctual.store.schema.models import Task
from punctual_api.tasks.pages.form import BLANK
from punctual_api.tasks.schemas.tasks import TaskFields, TaskSchema

COLUMNS = {column.name for column in Task.__table__.columns}
INTERNAL = {
    *("team_id", "schedule_anchor", "next_due_at", "paused_at", "deleted_at"),
    *("plan_error", "plan_due_at", "plan_retry_at", "plan_failures", "secrets"),
}
"""What no answer shows as it is stored."""
SEVERAL_FIELDS = {"command", "script", "http", "schedule", "limits"}
"""What the form asks for in fields of other names."""


def test_every_column_is_answered_or_internal() -> None:
    assert COLUMNS - set(TaskSchema().fields) == INTERNAL


def test_every_field_that_users_decide_is_a_column() -> None:
    assert set(TaskFields().fields) <= COLUMNS


def test_the_form_knows_every_field_that_users_decide() -> None:
    assert set(TaskFields().fields) - SEVERAL_FIELDS <= set(BLANK)


def test_a_new_form_holds_the_defaults_of_the_api() -> None:
    assert BLANK["max_retries"] == "3"
    assert BLANK["retry_delay"] == "10"
    assert BLANK["overlap"] == "skip"
    assert BLANK["queue"] == "default"
    assert BLANK["end_grace"] == BLANK["name"] == ""
