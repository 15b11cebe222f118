"""A task's form as the API's JSON."""

from datetime import UTC, datetime

import pytest

from punctual.store.schema.models import Task
from punctual_api.http.problems import Fault
from punctual_api.tasks.pages.form import BLANK, document_from, typed_from, typed_of
from punctual_api.tasks.schemas.tasks import NewTaskSchema

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def schedule(**typed: str) -> object:
    document, faults = document_from({**BLANK, **typed}, now=NOW)
    assert not faults, faults
    return document["schedule"]


def faults(**typed: str) -> list[Fault]:
    return document_from({**BLANK, **typed}, now=NOW)[1]


def task(**values: object) -> Task:
    defaults = NewTaskSchema().load({"command": "true"})
    defaults["meta"] = defaults.pop("metadata")
    return Task(**{**defaults, "version": 1, **values})


def test_the_blank_form_holds_the_defaults_of_the_api() -> None:
    typed = {**BLANK, "command": "true", "kind": "hand"}
    document, _ = document_from(typed, now=NOW)
    assert NewTaskSchema().load(document) == NewTaskSchema().load({"command": "true"})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"kind": "hand"}, None),
        ({"kind": "every", "every": "90", "every_unit": "1"}, {"every": 90}),
        ({"kind": "every", "every": "1.5", "every_unit": "3600"}, {"every": 5400.0}),
        ({"kind": "every", "every": "often", "every_unit": "60"}, {"every": "often"}),
        (
            {"kind": "cron", "cron": " @daily ", "timezone": "Europe/Rome"},
            {"cron": "@daily", "timezone": "Europe/Rome"},
        ),
        (
            {"kind": "at", "at": "2026-07-01T09:00", "at_zone": "Europe/Rome"},
            {"at": "2026-07-01T07:00:00Z"},
        ),
        (
            {"kind": "at", "at": "2026-01-01T09:00:30", "at_zone": "America/New_York"},
            {"at": "2026-01-01T14:00:30Z"},
        ),
    ],
)
def test_each_way_to_say_when_becomes_the_apis_schedule(
    typed: dict[str, str], expected: object
) -> None:
    assert schedule(**typed) == expected


def test_soon_is_that_many_whole_seconds_from_now() -> None:
    document, _ = document_from(BLANK, now=NOW, delay_seconds=5)
    assert document["schedule"] == {"at": "2026-03-01T12:00:05Z"}


@pytest.mark.parametrize(
    ("typed", "pointer"),
    [
        ({"kind": "at", "at": ""}, "/at"),
        ({"kind": "at", "at": "tomorrow"}, "/at"),
        ({"kind": "at", "at": "2026-07-01T09:00", "at_zone": "Mars/Base"}, "/at_zone"),
        ({"kind": "at", "at": "9999-12-31T23:59", "at_zone": "America/New_York"}, "/at"),
        ({"kind": "never"}, "/schedule"),
        ({"kind": "several", "several": ""}, "/several"),
        ({"kind": "several", "several": "[{]"}, "/several"),
        ({"kind": "hand", "env": "x"}, "/env"),
        ({"kind": "hand", "metadata": "[1]"}, "/metadata"),
    ],
)
def test_what_cannot_be_json_is_said_at_its_field(typed: dict[str, str], pointer: str) -> None:
    assert [fault.pointer for fault in faults(**typed)] == [pointer]


@pytest.mark.parametrize(
    "when",
    [
        None,
        {"at": "2026-07-01T09:00:00.000001Z"},
        {"every": 5400},
        {"every": 0.1 + 1.2},
        {"cron": "*/5 * * * *", "timezone": "Asia/Tokyo"},
        {"every": 60, "start": "2026-07-01T09:00:00Z"},
        [{"every": 60, "end": "2026-07-01T09:00:00Z"}, {"at": "2026-07-01T09:00:00.000001Z"}],
    ],
)
def test_a_task_that_is_saved_as_its_form_shows_it_stays_the_same(
    when: dict[str, object] | list[dict[str, object]] | None,
) -> None:
    before = task(
        schedule=when, env={"A": "1\n2"}, tags=["a,b"], meta={"x": [1]}, timeout=0.25, end_grace=0
    )
    document, wrong = document_from(typed_of(before), now=NOW, task=before)
    assert not wrong
    loaded = NewTaskSchema().load({**document, "name": "n"})
    assert loaded["schedule"] == when
    for name in ("command", "env", "tags", "timeout", "end_grace", "max_retries", "start_deadline"):
        assert loaded[name] == getattr(before, name), name
    assert loaded["metadata"] == before.meta


def test_lines_end_as_shells_take_them() -> None:
    assert typed_from({"command": "a\r\nb"})["command"] == "a\nb"


def test_exit_codes_are_typed_with_commas_and_come_back_so() -> None:
    document, _ = document_from({**BLANK, "kind": "hand", "retry_on": "75, 111"}, now=NOW)
    assert document["retry_on"] == [75, 111]
    assert typed_of(task(no_retry_on=[1, 2]))["no_retry_on"] == "1, 2"


def test_a_time_that_is_typed_with_its_offset_keeps_it() -> None:
    typed = {"kind": "at", "at": "2026-07-01T12:00:00+02:00", "at_zone": "Asia/Tokyo"}
    assert schedule(**typed) == {"at": "2026-07-01T10:00:00Z"}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({}, "hand"),
        ({"at": "2026-07-01T12:00"}, "at"),
        ({"cron": "0 2 * * *", "at": " "}, "cron"),
        ({"every": "5"}, "every"),
        ({"several": "[]"}, "several"),
        ({"kind": "at", "cron": "0 2 * * *"}, "at"),
    ],
)
def test_a_form_that_does_not_say_when_means_what_it_fills_in(
    sent: dict[str, str], kind: str
) -> None:
    assert typed_from(sent)["kind"] == kind


def test_what_a_form_of_a_task_leaves_out_stays() -> None:
    before = task(tags=["keep"], max_retries=0, schedule={"every": 3600.0}, name="nightly")
    typed = typed_from({"command": "echo new"}, before)
    assert typed == {**typed_of(before), "command": "echo new"}
    moved = typed_from({"cron": "0 2 * * *"}, before)
    assert (moved["kind"], moved["cron"], moved["command"]) == ("cron", "0 2 * * *", "true")
    script = typed_from({"body": "print()"}, before)
    assert (script["type"], script["kind"]) == ("script", "every")
    assert typed_from({"tags": "", "kind": "hand"}, before)["tags"] == ""
