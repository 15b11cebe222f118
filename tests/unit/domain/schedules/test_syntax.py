"""Schedules from the API's JSON, and the times that are not cron's."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from punctual.domain.errors import InvalidSchedule
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.schedules.syntax import (
    At,
    Cron,
    Every,
    due_times,
    last_due,
    next_due,
    parse_schedule,
    to_document,
)

ANCHOR = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)


def refused(document: object) -> InvalidSchedule:
    with pytest.raises(InvalidSchedule) as refusal:
        parse_schedule(document, anchor=ANCHOR)
    return refusal.value


def test_a_task_without_a_schedule_runs_only_by_hand() -> None:
    assert parse_schedule(None, anchor=ANCHOR) is None
    assert next_due(None, after=ANCHOR) is None
    assert to_document(None) is None


def test_a_time_is_due_once_and_never_again() -> None:
    once = parse_schedule({"at": "2026-03-29T02:30:00+01:00"}, anchor=ANCHOR)
    at = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert once == At(at)
    assert list(due_times(At(at), after=at - timedelta(microseconds=1))) == [at]
    assert next_due(once, after=at) is None


def test_cron_is_in_utc_unless_it_says_where() -> None:
    plain = parse_schedule({"cron": " 0 2 * * 1-5 "}, anchor=ANCHOR)
    assert plain == Cron("0 2 * * 1-5", "UTC")
    assert to_document(plain) == {"cron": "0 2 * * 1-5", "timezone": "UTC"}
    there = parse_schedule({"cron": "@daily", "timezone": "Europe/Rome"}, anchor=ANCHOR)
    assert to_document(there) == {"cron": "@daily", "timezone": "Europe/Rome"}


def test_a_fixed_rate_counts_from_its_anchor_whenever_it_is_asked() -> None:
    every = parse_schedule({"every": 300}, anchor=ANCHOR)
    assert every == Every(300, ANCHOR)
    assert next_due(every, after=ANCHOR) == ANCHOR + timedelta(minutes=5)
    assert next_due(every, after=ANCHOR - timedelta(days=9)) == ANCHOR + timedelta(minutes=5)
    late = ANCHOR + timedelta(days=3000, minutes=7)
    assert next_due(every, after=late) == ANCHOR + timedelta(days=3000, minutes=10)


def test_a_fixed_rate_with_a_fraction_is_exact_after_a_million_times() -> None:
    every = Every(1.1, ANCHOR)
    after = ANCHOR + timedelta(seconds=1_100_000)
    assert next_due(every, after=after) == after + timedelta(seconds=1, milliseconds=100)


def test_a_fixed_rate_ends_with_the_calendar() -> None:
    every = Every(60, datetime(9999, 12, 31, 23, 57, 30, tzinfo=UTC))
    assert len(list(islice(due_times(every, after=every.anchor), 5))) == 2


def test_an_interval_with_a_start_is_first_due_then() -> None:
    document = {"every": 300, "start": "2026-02-01T00:00:00Z", "end": "2026-02-01T00:10:00Z"}
    every = parse_schedule(document, anchor=ANCHOR)
    start = datetime(2026, 2, 1, tzinfo=UTC)
    assert every is not None
    assert list(due_times(every, after=ANCHOR)) == [
        start + timedelta(minutes=minutes) for minutes in (0, 5, 10)
    ]
    assert to_document(every) == document


def test_a_list_is_due_whenever_one_of_its_schedules_is() -> None:
    documents = [
        {"cron": "0 9 * * *", "timezone": "UTC"},
        {"every": 43200, "start": "2026-02-01T09:00:00Z"},
        {"at": "2026-02-01T10:00:00Z"},
    ]
    several = parse_schedule(documents, anchor=ANCHOR)
    assert several is not None
    assert to_document(several) == documents
    coming = islice(due_times(several, after=datetime(2026, 2, 1, tzinfo=UTC)), 4)
    assert [at.isoformat()[:13] for at in coming] == [
        *("2026-02-01T09", "2026-02-01T10", "2026-02-01T21", "2026-02-02T09"),
    ]


@pytest.mark.parametrize(
    ("document", "pointer", "hint"),
    [
        ({}, "", "none of them"),
        ([], "", "1 to 20 schedules"),
        ([{"every": 5}] * 21, "", "1 to 20 schedules"),
        ([{"every": 5}, {"cron": "61 * * * *"}], "/1/cron", ""),
        ([[{"every": 5}]], "/0", "an object"),
        ([None], "/0", "an object"),
        ({"every": 5, "start": "2026-01-01T00:00:00"}, "/start", "no offset"),
        (
            {"every": 5, "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
            "/end",
            "before the start",
        ),
        (
            {"at": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
            "/at",
            "not between",
        ),
        ("0 2 * * *", "", "an object"),
        ({"at": "2026-01-01T00:00:00Z", "cron": "@daily"}, "", "at and cron"),
        ({"timezone": "UTC"}, "", "none of them"),
        ({"every": 5, "timezone": "UTC"}, "/timezone", "takes no such field"),
        ({"every": 5, "a/b~c": 1}, "/a~1b~0c", "takes no such field"),
        ({"at": 1767225600}, "/at", "a string"),
        ({"at": "2026-01-01T00:00:00"}, "/at", "no offset"),
        ({"cron": ["0 2 * * *"]}, "/cron", "a string"),
        ({"cron": "@daily", "timezone": None}, "/timezone", "a string"),
        ({"cron": "@daily", "timezone": "Mars/Phobos"}, "/timezone", "no time zone"),
        ({"every": "300"}, "/every", "a number"),
        ({"every": True}, "/every", "a number"),
        ({"every": 0.999}, "/every", "1 to 315360000"),
        ({"every": 315360001}, "/every", "1 to 315360000"),
        ({"every": 10**400}, "/every", "1 to 315360000"),
        ({"every": float("nan")}, "/every", "1 to 315360000"),
        ({"every": float("inf")}, "/every", "1 to 315360000"),
    ],
)
def test_a_refusal_points_at_the_culprit_and_helps(
    document: object, pointer: str, hint: str
) -> None:
    refusal = refused(document)
    assert refusal.pointer == "/schedule" + pointer
    assert hint in refusal.detail
    assert str(refusal) == f"/schedule{pointer}: {refusal.detail}"


def test_several_schedules_differ_by_their_pointer() -> None:
    with pytest.raises(InvalidSchedule) as refusal:
        parse_schedule({"every": 0}, anchor=ANCHOR, pointer="/schedules/2")
    assert refusal.value.pointer == "/schedules/2/every"


@pytest.mark.parametrize(
    "zone", ["", "localtime", "posixrules", "posix/UTC", "right/UTC", "Europe", "../UTC", "a\0b"]
)
def test_a_file_of_the_zone_database_is_not_a_place(zone: str) -> None:
    assert refused({"cron": "@daily", "timezone": zone}).pointer == "/schedule/timezone"


@pytest.mark.parametrize("near", ["europe/rome", "rome", "Rome", "Europe/Roma"])
def test_a_zone_that_is_nearly_right_is_guessed(near: str) -> None:
    refusal = refused({"cron": "@daily", "timezone": near})
    assert "Did you mean Europe/Rome" in refusal.detail


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31t09:00:00z", "2026-01-31T09:00:00Z"),
        ("2026-01-31 09:00:00+05:45", "2026-01-31T03:15:00Z"),
        ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"),
        ("2026-01-31T09:00:00.1234567-00:00", "2026-01-31T09:00:00.123456Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_time_with_an_offset_is_an_instant_in_utc(text: str, utc: str) -> None:
    assert format_instant(parse_instant(text, pointer="/schedule_time")) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-01-31",
        "2026-01-31T09:00Z",
        "2026-1-31T09:00:00Z",
        "20260131T090000Z",
        "2026-01-31T09:00:00",
        "2026-01-31T09:00:00 Z",
        "2026-01-31T09:00:00+0100",
        "2026-01-31T09:00:00+24:00",
        "2026-01-31T09:00:00+01:60",
        "2026-02-29T09:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T09:00:60Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:30:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-01-31T09:00:00Z",
        "2026-01-31T09:00:00Z\n",
        "2026-01-31T09:00:00." + "0" * 1000 + "Z",
    ],
)
def test_what_is_no_such_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidSchedule) as refusal:
        parse_instant(text, pointer="/schedule_time")
    assert refusal.value.pointer == "/schedule_time"


@pytest.mark.parametrize(
    ("document", "last"),
    [
        ({"cron": "0 0 29 2 *"}, datetime(2024, 2, 29, tzinfo=UTC)),
        ({"cron": "* * * 1 *"}, datetime(2026, 1, 31, 23, 59, tzinfo=UTC)),
        (
            {"every": 7, "start": "2026-03-03T11:59:54Z"},
            datetime(2026, 3, 3, 12, tzinfo=UTC) - timedelta(seconds=6),
        ),
        ({"at": "2026-03-03T12:00:00Z"}, datetime(2026, 3, 3, 12, tzinfo=UTC)),
        ({"every": 1, "end": "2026-01-01T12:00:00Z"}, datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ({"at": "1971-01-01T00:00:00Z"}, datetime(1971, 1, 1, tzinfo=UTC)),
        ({"at": "2026-03-03T12:00:01Z"}, None),
    ],
)
def test_the_last_due_time_is_found_however_rare(
    document: dict[str, object], last: datetime | None
) -> None:
    schedule = parse_schedule(document, anchor=ANCHOR)
    assert schedule is not None
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert last_due(schedule, at=noon) == last
