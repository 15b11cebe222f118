"""Schemas with few fields sent: as marshmallow's own way would read them."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from punctual_api.tasks.schemas import NewTaskSchema, TaskSchema

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 10),
    st.sampled_from(["true", "skip", "latest", "2027-01-01T00:00:00Z", ""]),
    st.just([]),
    st.just(["a"]),
    st.just({}),
    st.just({"every": 60}),
    st.just({"at": "2027-01-01T00:00:00Z"}),
)
NAMES = st.sampled_from([*NewTaskSchema().fields, "unknown"])
SENT = st.dictionaries(NAMES, VALUES, max_size=5).flatmap(
    lambda some: st.sampled_from([some, {"command": "true", **some}, {"command": "true"}])
)


class Plain(NewTaskSchema):
    """The same, read as marshmallow does."""

    def _deserialize(self, data: Any, **options: Any) -> Any:
        return Schema._deserialize(self, data, **options)


class PlainAnswer(TaskSchema):
    """The same, answered as marshmallow does."""

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        return Schema._serialize(self, obj, many=many)


def read(schema: Schema, sent: Any) -> object:
    try:
        return schema.load(sent)
    except ValidationError as error:
        return error.messages


@given(SENT, st.booleans())
def test_what_is_sent_is_read_and_refused_as_by_marshmallow_itself(
    sent: dict[str, object], partial: bool
) -> None:
    assert read(NewTaskSchema(partial=partial), sent) == read(Plain(partial=partial), sent)


def test_what_is_no_object_is_refused_as_by_marshmallow_itself() -> None:
    nothing: list[Any] = [None, [], "task", 1]
    for sent in nothing:
        assert read(NewTaskSchema(), sent) == read(Plain(), sent)


@given(SENT)
def test_a_task_is_answered_as_by_marshmallow_itself(sent: dict[str, object]) -> None:
    try:
        task = NewTaskSchema().load({"command": "true"} | sent)
    except ValidationError:
        task = NewTaskSchema().load({"command": "true"})
    known = {"id": uuid4(), "status": "scheduled", "created_at": datetime.now(UTC)}
    document = dict.fromkeys(TaskSchema().fields) | task | known
    assert TaskSchema().dump(document) == PlainAnswer().dump(document)
    assert TaskSchema().dump([document], many=True) == PlainAnswer().dump([document], many=True)


def test_defaults_that_can_be_changed_are_not_shared() -> None:
    schema = NewTaskSchema()
    first, second = (schema.load({"command": "true"}) for _ in range(2))
    first["tags"].append("mine")
    assert second["tags"] == []
