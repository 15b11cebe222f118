"""What cron expressions mean, by example."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.syntax import Cron, due_times, parse_schedule

ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)


def due(expression: str, after: str, count: int = 3, zone: str = "UTC") -> list[str]:
    cron = parse_schedule({"cron": expression, "timezone": zone}, anchor=ANCHOR)
    assert isinstance(cron, Cron)
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    return [f"{at:%a %Y-%m-%d %H:%M}" for at in islice(due_times(cron, after=start), count)]


@pytest.mark.parametrize("sunday", ["0", "7", "SUN", "sun", "0,7"])
def test_zero_and_seven_and_sun_are_sunday(sunday: str) -> None:
    assert due(f"0 0 * * {sunday}", "2026-01-01") == [
        "Sun 2026-01-04 00:00",
        "Sun 2026-01-11 00:00",
        "Sun 2026-01-18 00:00",
    ]


def test_two_restricted_day_fields_are_alternatives() -> None:
    assert due("0 0 13 * 5", "2026-01-03", 4) == [
        "Fri 2026-01-09 00:00",
        "Tue 2026-01-13 00:00",
        "Fri 2026-01-16 00:00",
        "Fri 2026-01-23 00:00",
    ]


def test_a_day_field_that_starts_with_a_star_narrows_the_other() -> None:
    assert due("0 0 */2 * MON", "2026-01-01", 2) == ["Mon 2026-01-05 00:00", "Mon 2026-01-19 00:00"]


def test_the_last_day_the_last_friday_and_the_first_monday_of_a_month() -> None:
    assert due("0 0 L * *", "2028-02-01", 2) == ["Tue 2028-02-29 00:00", "Fri 2028-03-31 00:00"]
    assert due("0 0 * * 5L", "2026-01-01", 2) == ["Fri 2026-01-30 00:00", "Fri 2026-02-27 00:00"]
    assert due("0 9 * * MON#1", "2026-01-01", 2) == ["Mon 2026-01-05 09:00", "Mon 2026-02-02 09:00"]


@pytest.mark.parametrize(
    ("nickname", "first"),
    [
        ("@hourly", "Thu 2026-01-01 01:00"),
        ("@daily", "Fri 2026-01-02 00:00"),
        ("@midnight", "Fri 2026-01-02 00:00"),
        ("@weekly", "Sun 2026-01-04 00:00"),
        ("@monthly", "Sun 2026-02-01 00:00"),
        ("@yearly", "Fri 2027-01-01 00:00"),
        (" @Annually ", "Fri 2027-01-01 00:00"),
    ],
)
def test_nicknames_stand_for_expressions(nickname: str, first: str) -> None:
    assert due(nickname, "2026-01-01", 1) == [first]


def test_the_examples_of_the_manual_are_due_as_it_says() -> None:
    # "five minutes after midnight, every day"; "2:15pm on the first of every month"; "10 pm on
    # weekdays"; "23 minutes after midnight, 2am, 4am …"; "5 after 4 every sunday".
    assert due("5 0 * * *", "2026-01-01", 1) == ["Thu 2026-01-01 00:05"]
    assert due("15 14 1 * *", "2026-01-02", 1) == ["Sun 2026-02-01 14:15"]
    assert due("0 22 * * 1-5", "2026-01-02", 2) == ["Fri 2026-01-02 22:00", "Mon 2026-01-05 22:00"]
    assert due("23 0-23/2 * * *", "2026-01-01", 2) == [
        "Thu 2026-01-01 00:23",
        "Thu 2026-01-01 02:23",
    ]
    assert due("5 4 * * sun", "2026-01-01", 1) == ["Sun 2026-01-04 04:05"]


def test_a_step_over_a_range_of_one_value_is_that_value() -> None:
    assert due("5-5/10 * * * MON-1/2", "2026-01-01", 2) == [
        "Mon 2026-01-05 00:05",
        "Mon 2026-01-05 01:05",
    ]
    assert due("5/25 0 * * *", "2026-01-01", 2) == ["Thu 2026-01-01 00:05", "Thu 2026-01-01 00:30"]


def test_a_leap_day_is_found_across_a_century_without_one() -> None:
    assert due("0 0 29 2 *", "2096-03-01", 1) == ["Fri 2104-02-29 00:00"]
    # A fifth Monday in February needs a leap year that begins on a Thursday.
    assert due("0 0 * 2 MON#5", "2072-03-01", 1) == ["Mon 2112-02-29 00:00"]


def test_an_hour_in_the_gap_is_due_once_right_after_it() -> None:
    # New York skips 02:00 to 03:00 on the 8th; 07:00 UTC is 03:00 there.
    assert due("30 2 * * *", "2026-03-07T12:00", 2, "America/New_York") == [
        "Sun 2026-03-08 07:00",
        "Mon 2026-03-09 06:30",
    ]
    assert due("*/10 2 8 3 *", "2026-03-07T12:00", 1, "America/New_York") == [
        "Sun 2026-03-08 07:00"
    ]
    assert due("0 2,3 8 3 *", "2026-03-07T12:00", 2, "America/New_York") == [
        "Sun 2026-03-08 07:00",
        "Mon 2027-03-08 07:00",
    ]


def test_a_repeated_hour_is_due_the_first_time_only() -> None:
    assert due("30 1 * * *", "2026-11-01T00:00", 2, "America/New_York") == [
        "Sun 2026-11-01 05:30",
        "Mon 2026-11-02 06:30",
    ]


def test_hours_with_a_star_follow_elapsed_time() -> None:
    assert due("0 * * * *", "2026-03-08T05:30", 3, "America/New_York") == [
        "Sun 2026-03-08 06:00",
        "Sun 2026-03-08 07:00",
        "Sun 2026-03-08 08:00",
    ]
    assert due("0 * * * *", "2026-11-01T04:30", 3, "America/New_York") == [
        "Sun 2026-11-01 05:00",
        "Sun 2026-11-01 06:00",
        "Sun 2026-11-01 07:00",
    ]
    # The hour that is skipped is skipped, the one that is repeated is due twice.
    assert due("0 */2 8 3 *", "2026-03-08T05:30", 1, "America/New_York") == ["Sun 2026-03-08 08:00"]
    assert due("30 */25,1-1 1 11 *", "2026-11-01T05:00", 2, "America/New_York") == [
        "Sun 2026-11-01 05:30",
        "Sun 2026-11-01 06:30",
    ]


def test_a_gap_at_midnight_begins_the_day_late_but_does_not_lose_it() -> None:
    # Cairo's clocks go from 23:59 to 01:00 on the 24th of April 2026.
    assert due("0 0 * * *", "2026-04-23T12:00", 1, "Africa/Cairo") == ["Thu 2026-04-23 22:00"]


def test_the_calendar_ends_before_the_year_9999() -> None:
    start = datetime(9998, 12, 31, 23, 58, tzinfo=UTC)
    assert list(due_times(Cron("* * * * *"), after=start)) == [
        datetime(9998, 12, 31, 23, 59, tzinfo=UTC)
    ]
    assert list(due_times(Cron("* * * * *"), after=datetime(9999, 12, 31, tzinfo=UTC))) == []


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("0 0 30 2 *", "No date ever matches"),
        ("0 0 31 4,6,9,11 *", "No date ever matches"),
        ("0 0 */30 2 MON#5", "No date ever matches"),
        ("0 0 0 * *", '"0" is no day-of-month'),
        ("60 * * * *", '"60" is no minute'),
        ("* 24 * * *", '"24" is no hour'),
        ("* * * 13 *", '"13" is no month'),
        ("* * * * 8", '"8" is no day-of-week'),
        ("* * * Janu *", '"Janu" is no month'),
        ("* * * * FRI-MON", '"FRI-MON" is no day-of-week'),
        ("*/0 * * * *", '"*/0" is no minute'),
        ("0 0 0 * * *", "seconds are not supported"),
        ("* * * *", "five fields"),
        ("", "five fields"),
        ("@reboot", "names no time"),
        ("@fortnightly", "is none of @hourly"),
        ("*/5 * * * * " * 40, "at most 256 characters"),
    ],
)
def test_an_expression_that_cannot_be_kept_is_refused_with_a_hint(
    expression: str, hint: str
) -> None:
    with pytest.raises(InvalidSchedule) as refusal:
        parse_schedule({"cron": expression}, anchor=ANCHOR)
    assert refusal.value.pointer == "/schedule/cron"
    assert hint in refusal.value.detail


def test_two_restricted_day_fields_may_name_a_date_that_never_comes() -> None:
    # The 30th of February never does, but the Mondays do.
    assert due("0 0 30 2 1", "2026-01-01", 1) == ["Mon 2026-02-02 00:00"]
