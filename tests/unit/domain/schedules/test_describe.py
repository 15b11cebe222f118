"""Schedules in words, and the surprises their users are warned of."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.advice import ENDED, NEVER, NEVER_IN_LIST, schedule_warnings
from punctual.domain.schedules.cron import cron_rule
from punctual.domain.schedules.describe import describe, duration_in_words
from punctual.domain.schedules.syntax import At, Cron, Every, Several, Within
from tests.unit.domain.schedules.describe_oracle import days_named
from tests.unit.domain.strategies import days, months, weekdays

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
NO_TIMEOUT = 0


def warnings(expression: str, zone: str = "UTC", timeout: float = NO_TIMEOUT) -> list[str]:
    return schedule_warnings(Cron(expression, zone), now=NOW, timeout=timeout)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 2 * * 1-5", "Every weekday at 02:00"),
        ("30 2 * * *", "Every day at 02:30"),
        ("@weekly", "Every Sunday at 00:00"),
        ("0 6,18 * * mon,wed,fri", "Every Monday, Wednesday and Friday at 06:00 and 18:00"),
        ("0 0 * * 6,7", "Every Saturday and Sunday at 00:00"),
        ("* * * * *", "Every minute"),
        ("*/1 * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("*/7 * * * *", "Every seventh minute of every hour"),
        ("0 * * * *", "At the start of every hour"),
        ("0 0 L * *", "At 00:00 on the last day of every month"),
        ("0 9 * * MON#1", "At 09:00 on the first Monday of the month"),
        ("0 0 13 * 5", "At 00:00 on the 13th day of month or on Friday"),
        ("0 0 31 * *", "At 00:00 on the 31st day of every month"),
        (
            "0 0 21,22,23,11 * *",
            "At 00:00 on the 21st, the 22nd, the 23rd, and the 11th day of month",
        ),
    ],
)
def test_a_cron_expression_is_put_in_words(expression: str, words: str) -> None:
    assert describe(Cron(expression, "Europe/Rome")) == f"{words} (Europe/Rome)"


def test_the_other_schedules_are_put_in_words() -> None:
    assert describe(None) == "Only by hand"
    assert describe(Several((Every(300, NOW), At(NOW)))) == (
        "Every 5 minutes; Once, on 2026-02-01 12:00:00 (UTC)"
    )
    assert describe(Within(Every(300, NOW), NOW, None)) == (
        "Every 5 minutes, from 2026-02-01 12:00:00 (UTC)"
    )
    assert describe(Within(Cron("0 2 * * *"), None, NOW)) == (
        "Every day at 02:00 (UTC), until 2026-02-01 12:00:00 (UTC)"
    )
    assert describe(At(NOW)) == "Once, on 2026-02-01 12:00:00 (UTC)"
    assert describe(Every(300, NOW)) == "Every 5 minutes"
    assert describe(Every(3600, NOW)) == "Every hour"
    assert describe(Every(1.5, NOW)) == "Every 1.5 seconds"
    assert describe(Every(90, NOW)) == "Every 1 minute 30 seconds"
    assert duration_in_words(90061) == "1 day 1 hour 1 minute 1 second"
    assert duration_in_words(0) == "0 seconds"


@pytest.mark.parametrize(
    ("expression", "spring", "autumn"),
    [
        (
            "30 2 * * *",
            "forward and 02:30 does not exist: due at 03:00.",
            "back and 02:30 comes twice: due the first time only.",
        ),
        (
            "*/20 */2 * * *",
            "forward and 02:00 to 02:40 do not exist: not due that day.",
            "back and 02:00 to 02:40 come twice: due both times.",
        ),
    ],
)
def test_a_time_that_clocks_skip_or_repeat_is_announced_by_date(
    expression: str, spring: str, autumn: str
) -> None:
    assert warnings(expression, "Europe/Rome") == [
        f"On 2026-03-29 clocks in Europe/Rome go {spring}",
        f"On 2026-10-25 clocks in Europe/Rome go {autumn}",
    ]


def test_half_an_hour_can_come_twice() -> None:
    (warning,) = warnings("45 1 * * *", "Australia/Lord_Howe")
    assert warning.startswith("On 2026-04-05 clocks in Australia/Lord_Howe go back and 01:45")


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("0 * * * *", "Europe/Rome"),
        ("59 1 * * *", "Europe/Rome"),
        ("0 3 * * *", "Europe/Rome"),
        ("30 2 * * 1-5", "Europe/Rome"),
        ("30 2 * * *", "UTC"),
        ("0 0 1 * *", "UTC"),
        ("0 0 L * *", "UTC"),
        ("0 0 28-31 * *", "UTC"),
        ("0 0 29 1,3 *", "UTC"),
        ("0 0 31 1,3 *", "UTC"),
        ("0 0 */2 * 5", "UTC"),
    ],
)
def test_what_is_no_surprise_is_not_warned_of(expression: str, zone: str) -> None:
    assert warnings(expression, zone) == []


def test_two_restricted_day_fields_are_warned_of() -> None:
    (warning,) = warnings("0 0 31 * 5")
    assert "the day of the month is 31 OR the weekday is 5" in warning


def test_a_day_that_some_months_lack_is_warned_of() -> None:
    (warning,) = warnings("0 0 31 * *")
    assert "Day 31 does not exist in February, April, June, September, November" in warning
    (warning,) = warnings("0 0 15,30 * *")
    assert "Day 30 does not exist in February:" in warning
    assert warnings("0 0 29 * *") == ["February has a 29th in leap years only."]


def test_a_timeout_longer_than_the_shortest_interval_is_warned_of() -> None:
    (warning,) = warnings("0 9,10 * * *", timeout=3601)
    assert "The timeout (1 hour 1 second) is longer than the shortest interval (1 hour)" in warning
    assert warnings("0 9,10 * * *", timeout=3600) == []
    assert len(schedule_warnings(Every(60, NOW), now=NOW, timeout=61)) == 1
    assert schedule_warnings(Every(60, NOW), now=NOW, timeout=None) == []


def test_what_is_due_once_or_never_warns_of_nothing() -> None:
    assert schedule_warnings(At(NOW), now=NOW, timeout=3600) == []
    assert schedule_warnings(None, now=NOW, timeout=3600) == []


def test_each_schedule_of_a_list_warns_of_its_own_surprises_once() -> None:
    late = Cron("30 2 * * *", "Europe/Rome")
    twice = Several((late, Every(3600, NOW), Within(late, None, None)))
    assert schedule_warnings(twice, now=NOW, timeout=None) == warnings("30 2 * * *", "Europe/Rome")


def test_a_change_of_the_clocks_outside_the_bounds_is_no_surprise() -> None:
    late = Cron("30 2 * * *", "Europe/Rome")
    summer = Within(late, datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
    assert schedule_warnings(summer, now=NOW, timeout=None) == []


def test_a_schedule_whose_end_has_passed_says_so() -> None:
    hourly = Every(3600, NOW - timedelta(days=9))
    over = Within(hourly, None, NOW - timedelta(seconds=1))
    assert schedule_warnings(over, now=NOW, timeout=None) == [ENDED]
    assert schedule_warnings(Several((over, hourly)), now=NOW, timeout=None) == []
    last = Within(hourly, None, NOW + timedelta(hours=1))
    assert schedule_warnings(last, now=NOW, timeout=None) == []


def test_close_schedules_of_a_list_are_compared_with_the_timeout() -> None:
    close = Several((Cron("0 9 * * *"), Cron("10 9 * * *")))
    (warning,) = schedule_warnings(close, now=NOW, timeout=601)
    assert "(10 minutes)" in warning


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 1-7 * MON", "At 00:00 on every day of month from 1 through 7 or on Monday"),
        ("0 0 13 JAN 5", "At 00:00 on the 13th day of month or on Friday, in January"),
        ("0 0 */2 * MON", "every second day of month from the first on if it's on Monday"),
        ("0 0 1-31 * MON", "At 00:00 every day"),
        ("0 0 13 * 0-6", "At 00:00 every day"),
        ("0 0 L * FRI", "At 00:00 on the last day of the month or on Friday"),
        ("0 0 * */3 *", "At 00:00 in January, April, July, and October"),
        ("0 0 LW * *", "At 00:00 on the last weekday of every month"),
    ],
)
def test_two_day_fields_are_said_as_cron_reads_them(expression: str, words: str) -> None:
    assert words in describe(Cron(expression))


DAYS = [datetime(2026, 1, 1).date() + timedelta(days=n) for n in range(800)]


@given(
    st.tuples(days | st.just("LW"), months, weekdays).map(lambda parts: "0 0 " + " ".join(parts))
)
@settings(max_examples=400)
def test_the_words_name_the_days_that_the_expression_names(expression: str) -> None:
    try:
        rule = cron_rule(expression)
    except InvalidSchedule:
        assume(False)
    is_named = days_named(describe(Cron(expression)).removesuffix(" (UTC)"))
    named = set(takewhile(lambda day: day <= DAYS[-1], rule.days(DAYS[0])))
    wrong = [day for day in DAYS if is_named(day) != (day in named)]
    assert wrong == [], describe(Cron(expression))


IN_A_MONTH = NOW + timedelta(days=30)


@pytest.mark.parametrize(
    ("schedule", "warned"),
    [
        (Within(Cron("0 0 1 1 *"), None, IN_A_MONTH), [NEVER]),
        (Within(Cron("0 0 29 2 *"), NOW, IN_A_MONTH), [NEVER]),
        (Within(Every(86400, NOW), None, NOW + timedelta(hours=23)), [NEVER]),
        (Within(Cron("0 0 1 1 *"), None, NOW - timedelta(days=1)), [ENDED]),
        (Several((Within(Cron("0 0 1 1 *"), None, IN_A_MONTH), Every(60, NOW))), [NEVER_IN_LIST]),
        (Several((Within(Cron("0 0 1 1 *"), None, IN_A_MONTH), At(NOW))), [NEVER_IN_LIST]),
        (Within(Cron("0 12 * * *"), None, NOW), []),  # due at this very moment
        (Within(Cron("0 0 * * *"), None, IN_A_MONTH), []),
        (At(NOW - timedelta(days=1)), []),
        (Several((Within(Every(60, NOW), None, NOW - timedelta(days=1)), Every(60, NOW))), []),
    ],
)
def test_a_schedule_of_which_nothing_is_to_come_is_warned_of(
    schedule: At | Cron | Every | Within | Several, warned: list[str]
) -> None:
    warnings = schedule_warnings(schedule, now=NOW, timeout=NO_TIMEOUT)
    assert [text for text in warnings if text in (ENDED, NEVER, NEVER_IN_LIST)] == warned
