"""Stored schedules are read by what they mean, also where new ones have stricter rules."""

from datetime import UTC, datetime

import pytest

from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import At, Every, Several, next_due, read_schedule

NOW = datetime(2026, 11, 28, 12, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("5/15 * * * *", "2026-11-28T12:05:00+00:00"),
        ("0 0 * JAN/2 *", "2026-11-29T00:00:00+00:00"),
        ("0 0 LW * *", "2026-11-30T00:00:00+00:00"),
    ],
)
def test_an_expression_that_was_taken_once_is_due_as_before(expression: str, due: str) -> None:
    schedule = read_schedule({"cron": expression, "timezone": "UTC"}, anchor=NOW)
    assert not isinstance(schedule, Unreadable)
    at = next_due(schedule, after=NOW)
    assert at is not None
    assert at.isoformat() == due


def test_a_list_of_any_length_with_fields_of_any_name_is_read() -> None:
    many = [{"every": 60 + number, "moon": "full"} for number in range(30)]
    schedule = read_schedule(many, anchor=NOW)
    assert isinstance(schedule, Several)
    assert schedule.schedules[0] == Every(60, NOW)
    assert len(schedule.schedules) == 30


def test_bounds_that_contradict_each_other_leave_nothing_due() -> None:
    bounds = {"start": "2027-01-02T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    schedule = read_schedule({"every": 60, **bounds}, anchor=NOW)
    assert not isinstance(schedule, Unreadable)
    assert next_due(schedule, after=NOW) is None
    at = {"at": "2026-01-01T00:00:00Z"}
    assert read_schedule(at, anchor=NOW) == At(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "document",
    [
        5,
        "daily",
        {},
        {"at": 5},
        {"at": "soon"},
        {"cron": None},
        {"cron": "0 2 * * *", "timezone": 7},
        {"cron": "0 2 * * *", "timezone": "Mars/Olympus_Mons"},
        {"every": True},
        {"every": 1e300},
        {"every": 0.01},
        {"every": 86400, "start": "soon"},
        {"every": 100000000000, "start": "1970-01-01T00:00:00Z"},
        [{"every": 60}, None],
    ],
)
def test_what_cannot_be_read_is_said_so_and_raises_nothing(document: object) -> None:
    read = read_schedule(document, anchor=NOW)
    assert isinstance(read, Unreadable)
    assert read.detail.endswith(".")
