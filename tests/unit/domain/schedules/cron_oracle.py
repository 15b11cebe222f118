"""Cron by brute force: every real minute is looked at, and nothing of the product is used."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
MONTHS = ["", *(f"{date(2024, month, 1):%b}".upper() for month in range(1, 13))]
WEEKDAYS = [f"{date(2024, 9, day):%a}".upper() for day in range(1, 8)]


def due_by_brute_force(
    expression: str, zone: str, start: datetime, end: datetime
) -> list[datetime]:
    """The due times after `start` and up to `end`, by the rule as the README promises it.

    A watermark follows the highest wall-clock time shown so far. Hours that start with a star
    follow elapsed time: due in each real minute whose label matches. Other hours are due when the
    watermark first reaches or passes a matching label.
    """
    fields = expression.upper().split()
    elapsed = fields[1].startswith("*")
    place = ZoneInfo(zone)
    # From before, so that the watermark knows of clocks just set back.
    minute = start.astimezone(UTC).replace(second=0, microsecond=0) - timedelta(hours=6)
    shown = _shown(minute - MINUTE, place)
    due = []
    while minute <= end:
        label = _shown(minute, place)
        if elapsed:
            hit = matches(fields, label)
        else:
            hit = any(matches(fields, since) for since in _labels_since(shown, label))
        if hit and minute > start:
            due.append(minute)
        shown = max(shown, label)
        minute += MINUTE
    return due


def clock_changes_by_brute_force(zone: str, years: range) -> list[datetime]:
    """The first hour, in UTC, by which the shown_label of a zone has changed, for every change."""
    place = ZoneInfo(zone)
    hour = datetime(years.start, 1, 1, tzinfo=UTC)
    changes = []
    while hour.year < years.stop:
        if (
            hour.astimezone(place).utcoffset()
            != (hour - timedelta(hours=1)).astimezone(place).utcoffset()
        ):
            changes.append(hour)
        hour += timedelta(hours=1)
    return changes


def matches(fields: list[str], label: datetime) -> bool:
    """Whether five upper-case fields name a wall-clock minute."""
    minute, hour, day, month, weekday = fields
    if label.minute not in _values(minute, 0, 59) or label.hour not in _values(hour, 0, 23):
        return False
    return label.month in _values(month, 1, 12) and _day_matches(day, weekday, label.date())


@lru_cache(maxsize=4096)
def _day_matches(day: str, weekday: str, today: date) -> bool:
    by_day = any(_is_month_day(term, today) for term in day.split(","))
    by_weekday = any(_is_weekday(term, today) for term in weekday.split(","))
    if day.startswith("*") or weekday.startswith("*"):
        return by_day and by_weekday
    return by_day or by_weekday


def _is_month_day(term: str, today: date) -> bool:
    if term == "L":
        return (today + timedelta(days=1)).month != today.month
    return today.day in _values(term, 1, 31)


def _is_weekday(term: str, today: date) -> bool:
    sunday_first = today.isoweekday() % 7
    if "#" in term:
        name, nth = term.split("#")
        return _number(name) % 7 == sunday_first and (today.day - 1) // 7 == int(nth) - 1
    if term.endswith("L"):
        last_week = today.day > monthrange(today.year, today.month)[1] - 7
        return int(term[:-1]) % 7 == sunday_first and last_week
    return sunday_first in {value % 7 for value in _values(term, 0, 7)}


@lru_cache(maxsize=4096)
def _values(field: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for term in field.split(","):
        body, _, step = term.partition("/")
        first, _, last = body.partition("-")
        if body == "*":
            span = range(low, high + 1)
        elif last:
            span = range(_number(first), _number(last) + 1)
        else:
            span = range(_number(first), (high if step else _number(first)) + 1)
        values.update(span[:: int(step or 1)])
    return frozenset(values)


def _number(text: str) -> int:
    for names in (MONTHS, WEEKDAYS):
        if text in names:
            return names.index(text)
    return int(text)


def _shown(minute: datetime, place: ZoneInfo) -> datetime:
    return minute.astimezone(place).replace(tzinfo=None)


def _labels_since(shown: datetime, label: datetime) -> Iterator[datetime]:
    """The labels above the watermark, up to what the clocks show now."""
    while shown < label:
        shown += MINUTE
        yield shown
