"""What a calendar blocks, merged once, is what its windows say one by one."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from punctual.domain.calendars.blocks import FOREVER
from punctual.domain.calendars.calendar import (
    Calendar,
    SearchLimit,
    Span,
    Weekly,
    blocking_calendar,
    unblocked,
)
from punctual.domain.schedules.syntax import Schedule, parse_schedule
from tests.unit.domain.calendars.test_calendar import plainly_blocked

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# Clocks here were set by half an hour, at midnight, by a whole day, and within one Ramadan twice.
NEAR_CHANGES = {
    "Australia/Lord_Howe": datetime(2026, 4, 4, 15, tzinfo=UTC),
    "America/Havana": datetime(2026, 11, 1, 5, tzinfo=UTC),
    "Pacific/Apia": datetime(2011, 12, 30, 10, tzinfo=UTC),
    "Africa/Casablanca": datetime(2026, 2, 15, 2, tzinfo=UTC),
    "Europe/Rome": datetime(2026, 10, 25, 1, tzinfo=UTC),
}


def schedule_of(document: object) -> Schedule:
    schedule = parse_schedule(document, anchor=MONDAY)
    assert schedule is not None
    return schedule


def minute_windows(first: int) -> tuple[Weekly, ...]:
    """A hundred windows of a minute each, of which no two touch."""
    starts = [first + 60 * number for number in range(100)]
    return tuple(Weekly(start // 1440 % 7, clock(start), clock(start + 1)) for start in starts)


def clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar whose windows meet and overlap around a change of its clocks, and an instant."""
    zone = draw(st.sampled_from(sorted(NEAR_CHANGES)))
    change = NEAR_CHANGES[zone]
    quarters = st.integers(-12, 12).map(lambda number: change + number * timedelta(minutes=15))
    shown = quarters.map(lambda at: at.astimezone(ZoneInfo(zone)))
    weekly = st.tuples(shown, shown).map(
        lambda two: Weekly(two[0].weekday(), two[0].time(), two[1].time())
    )
    spans = st.tuples(quarters, quarters).filter(lambda two: two[0] < two[1])
    windows = draw(st.lists(weekly | spans.map(lambda two: Span(*two)), max_size=6))
    days = draw(st.frozensets(shown.map(datetime.date), max_size=1))
    minutes = st.integers(-300, 300).map(lambda number: change + number * MINUTE)
    return Calendar("Near", zone, days, tuple(windows)), draw(minutes)


@given(near_a_change())
def test_around_clock_changes_a_calendar_blocks_what_the_clock_on_the_wall_says(
    drawn: tuple[Calendar, datetime],
) -> None:
    calendar, at = drawn
    assert (blocking_calendar([calendar], at) is not None) == plainly_blocked(calendar, at)


@given(near_a_change())
def test_everything_up_to_the_end_of_a_block_is_blocked(
    drawn: tuple[Calendar, datetime],
) -> None:
    calendar, at = drawn
    end = calendar.blocks.end_at(at)
    assert (end is not None) == plainly_blocked(calendar, at)
    if end is None:
        return
    assert end > at
    for elapsed in range(0, int((min(end, at + timedelta(days=2)) - at) / MINUTE), 5):
        assert plainly_blocked(calendar, at + elapsed * MINUTE)


def test_what_blocks_every_day_of_the_week_blocks_for_ever() -> None:
    whole = tuple(Weekly(day, time(), time()) for day in range(7))
    assert Calendar("never", "Europe/Rome", windows=whole).blocks.end_at(MONDAY) == FOREVER


def test_thousands_of_windows_of_many_calendars_are_leapt_over_in_a_few_steps() -> None:
    many = [Calendar(f"c{n}", "UTC", windows=minute_windows(n)) for n in range(19)]
    today = Span(MONDAY, MONDAY + timedelta(days=1))
    many.append(Calendar("today", "UTC", windows=(*minute_windows(19), today)))
    limit = SearchLimit(100)
    found = next(unblocked(schedule_of({"every": 1}), many, after=MONDAY, search_limit=limit))
    # Of each hour of Tuesday the first twenty minutes are blocked, one by one calendar.
    assert found == MONDAY + timedelta(days=1, minutes=20)
    assert limit.steps <= 25


def test_a_search_ends_at_its_limit_and_says_so() -> None:
    mondays = Calendar("Mondays", "UTC", windows=(Weekly(0, time(), time()),))
    limit = SearchLimit(50)
    fifth = schedule_of({"cron": "0 0 * 2 MON#5", "timezone": "UTC"})
    assert list(unblocked(fifth, [mondays], after=MONDAY, search_limit=limit)) == []
    assert limit.reached
    free = SearchLimit(50)
    assert len(list(islice(unblocked(fifth, [], after=MONDAY, search_limit=free), 20))) == 20
    assert (free.steps, free.reached) == (0, False)


def test_days_that_follow_each_other_are_one_block() -> None:
    days = frozenset(date(2026, 12, 1) + timedelta(days=number) for number in range(31))
    limit = SearchLimit(10)
    december = Calendar("December", "Europe/Rome", days)
    after = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert next(
        unblocked(schedule_of({"every": 60}), [december], after=after, search_limit=limit)
    ) == (datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert limit.steps <= 3
