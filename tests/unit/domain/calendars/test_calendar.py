"""Calendars: what they hold, found by leaps, against a look at every minute."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.calendars.calendar import (
    Calendar,
    Span,
    Weekly,
    blocking_calendar,
    calendar_named,
    next_unblocked,
    unblocked,
)
from punctual.domain.calendars.syntax import parse_calendar, to_documents
from punctual.domain.errors import InvalidCalendar
from punctual.domain.schedules.syntax import due_times, parse_schedule

ZONES = ["UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
START = datetime(2026, 3, 20, tzinfo=UTC)  # two weeks with changes of clocks in three zones
END = START + timedelta(days=20)
CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
INSTANTS = st.integers(0, 20 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    spans = st.tuples(INSTANTS, INSTANTS).filter(lambda two: two[0] < two[1])
    windows = st.one_of(
        st.builds(Weekly, st.integers(0, 6), CLOCKS, CLOCKS),
        spans.map(lambda two: Span(*two)),
    )
    days = st.dates(START.date(), END.date())
    return Calendar(
        draw(st.sampled_from(["Xmas", "Night"])),
        draw(st.sampled_from(ZONES)),
        frozenset(draw(st.lists(days, max_size=4))),
        tuple(draw(st.lists(windows, max_size=3))),
    )


def plainly_blocked(calendar: Calendar, at: datetime) -> bool:
    """The rule as one reads it off a clock on the wall."""
    local = at.astimezone(ZoneInfo(calendar.timezone))
    clock, today = local.time(), local.date()
    if today in calendar.days:
        return True
    for window in calendar.windows:
        match window:
            case Span(start, end) if start <= at < end:
                return True
            case Weekly(weekday, start, end):
                first = today.weekday() == weekday
                second = (today.weekday() - 1) % 7 == weekday
                if start < end and first and start <= clock < end:
                    return True
                if start >= end and ((first and clock >= start) or (second and clock < end)):
                    return True
    return False


@given(calendars(), INSTANTS)
def test_a_calendar_blocks_times_of_the_local_clock(calendar: Calendar, at: datetime) -> None:
    blocking = blocking_calendar([calendar], at)
    assert blocking == (calendar.name if plainly_blocked(calendar, at) else None)


@given(st.lists(calendars(), max_size=3), st.sampled_from([600, 3600, 5400]), INSTANTS)
def test_leaping_over_blocks_finds_the_same_times_as_looking_at_each(
    some: list[Calendar], seconds: int, after: datetime
) -> None:
    schedule = parse_schedule({"every": seconds}, anchor=START)
    assert schedule is not None
    each = takewhile(lambda at: at <= END, due_times(schedule, after=after))
    expected = [at for at in each if not any(plainly_blocked(one, at) for one in some)]
    found = list(takewhile(lambda at: at <= END, unblocked(schedule, some, after=after)))
    assert found == expected
    assert next_unblocked(schedule, some, after=after) == next(
        iter(unblocked(schedule, some, after=after)), None
    )


def test_a_time_that_clocks_show_again_before_a_window_begins_is_not_leapt_over() -> None:
    # On 5 April 2026 Lord Howe's clocks go from 02:00 back to 01:30, at 15:00 UTC on the 4th.
    from_half = Calendar("Night", "Australia/Lord_Howe", windows=(Weekly(6, time(1, 31), time()),))
    schedule = parse_schedule({"every": 600}, anchor=START)
    assert schedule is not None
    before = datetime(2026, 4, 4, 14, 35, tzinfo=UTC)
    assert next_unblocked(schedule, [from_half], after=before) == before.replace(hour=15, minute=0)


@given(calendars())
def test_a_calendar_comes_back_as_it_went(calendar: Calendar) -> None:
    days, windows = json.loads(json.dumps(to_documents(calendar)))
    zone = calendar.timezone
    assert parse_calendar(calendar.name, timezone=zone, days=days, windows=windows) == calendar


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["from", "to", "weekday", "start", "end", "x"]), below)
    ),
    max_leaves=8,
)


@given(ANY_JSON, ANY_JSON, ANY_JSON)
def test_whatever_is_sent_is_taken_or_refused_in_words(
    timezone: object, days: object, windows: object
) -> None:
    with suppress(InvalidCalendar):
        parse_calendar("x", timezone=timezone, days=days, windows=windows)


@pytest.mark.parametrize(
    ("days", "windows", "pointer"),
    [
        (["2026-02-30"], [], "/days/0"),
        (["2026-12-25", "25.12.2026"], [], "/days/1"),
        ("2026-12-25", [], "/days"),
        ([], [{}], "/windows/0"),
        ([], [{"weekday": "sat", "start": "22:00"}], "/windows/0"),
        ([], [{"weekday": "Sat", "start": "22:00", "end": "06:00"}], "/windows/0/weekday"),
        ([], [{"weekday": "sat", "start": "24:00", "end": "06:00"}], "/windows/0/start"),
        ([], [{"from": "2026-01-01T00:00:00", "to": "2026-01-02T00:00:00Z"}], "/windows/0/from"),
        ([], [{"from": "2026-01-02T00:00:00Z", "to": "2026-01-02T00:00:00Z"}], "/windows/0/to"),
    ],
)
def test_each_mistake_is_named_at_its_place(days: object, windows: object, pointer: str) -> None:
    with pytest.raises(InvalidCalendar) as refused:
        parse_calendar("x", timezone="UTC", days=days, windows=windows)
    assert refused.value.pointer == pointer


def test_a_day_is_blocked_from_midnight_to_midnight_in_the_calendars_zone() -> None:
    rome = Calendar("Xmas", "Europe/Rome", frozenset({date(2026, 12, 25)}))
    schedule = parse_schedule({"every": 3600}, anchor=datetime(2026, 12, 24, 21, tzinfo=UTC))
    assert schedule is not None
    free = list(
        islice(unblocked(schedule, [rome], after=datetime(2026, 12, 24, 21, tzinfo=UTC)), 2)
    )
    assert [at.isoformat() for at in free] == [
        "2026-12-24T22:00:00+00:00",
        "2026-12-25T23:00:00+00:00",
    ]


def test_a_search_over_endless_blocks_ends() -> None:
    always = tuple(Weekly(day, time(), time()) for day in range(7))
    schedule = parse_schedule({"every": 1}, anchor=START)
    assert next_unblocked(schedule, [Calendar("never", "UTC", windows=always)], after=START) is None


def test_a_task_names_calendars_in_its_order() -> None:
    own = {name: Calendar(name, "UTC") for name in ("a", "b")}
    assert [one.name for one in calendar_named(own, ["b", "gone", "a"])] == ["b", "a"]
    assert calendar_named(own, None) == []
