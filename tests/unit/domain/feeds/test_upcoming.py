"""The runs to come as events: all within a month, in order, and few where there would be many."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from punctual.domain.calendars.calendar import Calendar, Span, Weekly
from punctual.domain.feeds.blackouts import FeedCalendar, blackouts
from punctual.domain.feeds.upcoming import FeedTask, upcoming
from punctual.domain.schedules.new import parse_new_schedule

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
CHANGED = datetime(2026, 1, 1, tzinfo=UTC)


def task(schedule: Any, name: str = "backup", **values: Any) -> FeedTask:
    """A task that is due by this schedule."""
    parsed = parse_new_schedule(schedule, anchor=NOW, pointer="")
    assert parsed is not None
    values = {"calendars": (), **values}
    return FeedTask(uuid.uuid4(), name, parsed, changed_at=CHANGED, **values)


def starts(*tasks: FeedTask, **options: Any) -> list[datetime | date]:
    """The starts of their events."""
    return [event.start for event in upcoming(tasks, now=NOW, **options)]


def test_the_due_times_of_31_days_are_events() -> None:
    found = starts(task({"cron": "30 2 * * *", "timezone": "UTC"}))
    assert found == [
        datetime(2026, 3, 21, 2, 30, tzinfo=UTC) + timedelta(days=n) for n in range(31)
    ]


def test_a_time_of_day_follows_the_clocks_of_its_zone() -> None:
    rome = ZoneInfo("Europe/Rome")
    found = starts(task({"cron": "0 9 * * *", "timezone": "Europe/Rome"}))
    assert {at.astimezone(rome).time() for at in found if isinstance(at, datetime)} == {time(9)}
    assert {at.hour for at in found if isinstance(at, datetime)} == {7, 8}  # summer time, UTC+2


def test_the_events_of_all_tasks_are_in_order() -> None:
    daily, weekly = {"every": 86_400}, {"cron": "0 13 * * 5", "timezone": "UTC"}
    found = upcoming([task(weekly, "w"), task(daily, "d")], now=NOW)
    instants = [event.start for event in found if isinstance(event.start, datetime)]
    assert instants == sorted(instants)
    assert [event.summary for event in found[:3]] == ["w", "d", "d"]


def test_a_task_that_is_due_often_is_one_event_of_a_whole_day() -> None:
    [event] = upcoming([task({"cron": "* * * * *", "timezone": "UTC"})], now=NOW)
    assert event.summary == "backup: every minute (UTC)"
    assert (event.start, event.end) == (date(2026, 3, 20), date(2026, 3, 21))


def test_seven_times_a_day_are_events_and_eight_are_not() -> None:
    assert len(starts(task({"cron": "0 1,2,3,4,5,6,7 * * *", "timezone": "UTC"}))) == 7 * 31
    assert len(starts(task({"cron": "0 1,2,3,4,5,6,7,8 * * *", "timezone": "UTC"}))) == 1


def test_a_thousand_tasks_are_2000_events_at_most_and_those_first_due() -> None:
    tasks = [task({"every": 7200 + number}) for number in range(1000)]
    often = [task({"every": 60})]
    found = starts(*often, *tasks, most=2000)
    assert len(found) <= 2000
    hourly = [task({"cron": f"{n % 60} {n % 24} * * *", "timezone": "UTC"}) for n in range(300)]
    first = starts(*hourly)
    assert len(first) == 2000
    assert max(at for at in first if isinstance(at, datetime)) < NOW + timedelta(days=7)


def test_what_a_calendar_blocks_is_not_due() -> None:
    closed = Calendar("closed", "UTC", days=frozenset({date(2026, 3, 22)}))
    found = starts(task({"cron": "0 9 * * *", "timezone": "UTC"}, calendars=(closed,)))
    assert datetime(2026, 3, 22, 9, tzinfo=UTC) not in found
    assert len(found) == 30


def test_a_task_is_due_as_often_as_it_still_may_be() -> None:
    assert len(starts(task({"every": 86_400}, most=3))) == 3
    assert starts(task({"every": 86_400}, most=0)) == []


def test_an_event_has_the_same_text_an_hour_later() -> None:
    tasks = [task({"cron": "0 9 * * *", "timezone": "UTC"})]
    first = upcoming(tasks, now=NOW)
    later = upcoming(tasks, now=NOW + timedelta(hours=1))
    assert first == later
    assert len({event.uid for event in first}) == len(first)


def calendar(**values: Any) -> FeedCalendar:
    """A calendar of New York."""
    return FeedCalendar(uuid.uuid4(), Calendar("closed", "America/New_York", **values), CHANGED)


def test_blocked_days_are_whole_days() -> None:
    days = frozenset({date(2026, 3, 19), date(2026, 4, 1), date(2026, 6, 1)})
    [event] = blackouts([calendar(days=days)], now=NOW)
    assert (event.start, event.end) == (date(2026, 4, 1), date(2026, 4, 2))


def test_a_weekly_window_follows_the_clocks_of_the_calendar() -> None:
    window = Weekly(5, time(22), time(6))  # Saturday to Sunday
    found = blackouts([calendar(windows=(window,))], now=NOW)
    new_york = ZoneInfo("America/New_York")
    shown = [
        event.start.astimezone(new_york) for event in found if isinstance(event.start, datetime)
    ]
    assert [(at.weekday(), at.hour) for at in shown] == [(5, 22)] * 5
    ends = [event.end.astimezone(new_york) for event in found if isinstance(event.end, datetime)]
    assert [(at.weekday(), at.hour) for at in ends] == [(6, 6)] * 5


def test_a_window_that_has_begun_is_shown_and_one_that_is_over_is_not() -> None:
    hour = timedelta(hours=1)
    spans = (Span(NOW - hour, NOW + hour), Span(NOW - 2 * hour, NOW - hour))
    [event] = blackouts([calendar(windows=spans)], now=NOW)
    assert (event.start, event.end) == (NOW - hour, NOW + hour)
