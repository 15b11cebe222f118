"""Warnings about valid schedules that may not do what a user expects."""

import re
from calendar import month_name
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise, takewhile

from punctual.domain.schedules.cron import Cron, CronRule, cron_rule
from punctual.domain.schedules.describe import duration_in_words
from punctual.domain.schedules.every import Every
from punctual.domain.schedules.syntax import Schedule, Several, Within, due_times, next_due
from punctual.domain.schedules.wallclock import ClockChange, clock_changes
from punctual.domain.schedules.zone import zone_named

ENDED = "The schedule has ended: no due time is left."
NEVER = "The schedule ends before its first due time: it is never due."
NEVER_IN_LIST = "One of the schedules ends before its first due time: that one is never due."
_DAYS_AHEAD = 366
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_MOST_DUE_TIMES = 100
_PLAIN = re.compile(r"\d+(,\d+)*", re.ASCII)
# A leap year's: the 29th of February has a sentence of its own.
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def schedule_warnings(
    schedule: Schedule | None, *, now: datetime, timeout: float | None
) -> list[str]:
    """Return warnings about a valid schedule in the year after the day of `now`.

    Times that clocks skip or repeat, two day fields that are alternatives, days that some months
    lack, due times closer together than `timeout` seconds (None: not chosen), and an end
    after which, or before which, nothing is due.
    """
    if schedule is None:
        return []
    return [*_ended(schedule, now), *_warnings(schedule, start_of_day(now), timeout)]


def _ended(schedule: Schedule, now: datetime) -> Iterator[str]:
    """Warn when the schedule, or one in a list that has not ended, has no due time left."""
    parts = schedule.schedules if isinstance(schedule, Several) else (schedule,)
    bounded = [part for part in parts if isinstance(part, Within) and part.end is not None]
    # What is due at this very moment is still to come.
    idle = [part for part in bounded if next_due(part, after=now - _INSTANT) is None]
    if idle and next_due(schedule, after=now - _INSTANT) is None:
        yield ENDED if any(part.end < now for part in idle if part.end is not None) else NEVER
    elif any(part.end >= now for part in idle if part.end is not None):
        yield NEVER_IN_LIST


def start_of_day(now: datetime) -> datetime:
    """Return midnight in UTC, so that warnings on a schedule are computed once a day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@lru_cache(maxsize=4096)  # every answer about a task carries them, and they change once a day
def _warnings(schedule: Schedule, today: datetime, timeout: float | None) -> tuple[str, ...]:
    return tuple(_all_warnings(schedule, today, timeout))


def _all_warnings(schedule: Schedule, today: datetime, timeout: float | None) -> Iterator[str]:
    yield from dict.fromkeys(_surprises(schedule, today))
    if timeout is not None:
        yield from _short_intervals(schedule, today, timeout)


def _surprises(
    schedule: Schedule, today: datetime, start: datetime | None = None, end: datetime | None = None
) -> Iterator[str]:
    match schedule:
        case Several(schedules):
            for one in schedules:
                yield from _surprises(one, today)
        case Within(bounded, start, end):
            yield from _surprises(bounded, today, start, end)
        case Cron(expression, timezone):
            rule = cron_rule(expression)
            yield from _two_day_fields(rule)
            yield from _missing_days(rule)
            for change in _changes(timezone, today):
                began = start is None or start <= change.at + _DAY
                if began and (end is None or end >= change.at - _DAY):
                    yield from _changed_clock(rule, change, timezone)


@lru_cache(maxsize=1024)  # two a year, looked for day by day, and the same for all of a zone
def _changes(timezone: str, today: datetime) -> tuple[ClockChange, ...]:
    return tuple(clock_changes(zone_named(timezone), after=today, days=_DAYS_AHEAD))


def _two_day_fields(rule: CronRule) -> Iterator[str]:
    if rule.either_day:
        yield (
            f"Both day fields are restricted, and cron reads that as OR: due when the day of the"
            f" month is {rule.fields[2]} OR the weekday is {rule.fields[4]}, not only when both"
            f" are."
        )


def _missing_days(rule: CronRule) -> Iterator[str]:
    # A range ends where it ends on purpose; a day written out may not be known to be missing.
    if rule.either_day or not _PLAIN.fullmatch(rule.fields[2]):
        return
    for day in sorted({int(day) for day in rule.fields[2].split(",")}):
        without = [month_name[m] for m in rule.months if _DAYS_IN_MONTH[m - 1] < day]
        if without:
            yield (
                f"Day {day} does not exist in {', '.join(without)}: the task is not due in those"
                f" months. Use L for the last day of a month."
            )
        if day == 29 and 2 in rule.months:
            yield "February has a 29th in leap years only."


def _changed_clock(rule: CronRule, change: ClockChange, place: str) -> Iterator[str]:
    if rule.follows_elapsed_time and len(rule.hours) == 24:
        return  # an hour less or more, as everyone expects of "every hour"
    just_before = change.start - timedelta(microseconds=1)
    hit = list(takewhile(lambda label: label < change.end, rule.labels(just_before)))
    if not hit:
        return
    if len(hit) == 1:
        what, lacks, repeats = f"{hit[0]:%H:%M}", "does not exist", "comes twice"
    else:
        what, lacks, repeats = f"{hit[0]:%H:%M} to {hit[-1]:%H:%M}", "do not exist", "come twice"
    where = f"On {hit[0]:%Y-%m-%d} clocks in {place} go"
    if change.forward:
        then = "not due that day" if rule.follows_elapsed_time else f"due at {change.end:%H:%M}"
        yield f"{where} forward and {what} {lacks}: {then}."
    else:
        then = "due both times" if rule.follows_elapsed_time else "due the first time only"
        yield f"{where} back and {what} {repeats}: {then}."


@lru_cache(maxsize=4096)
def shortest_interval(schedule: Schedule, today: datetime) -> float | None:
    """Return the shortest of the next hundred intervals, in seconds, or None."""
    horizon = today + timedelta(days=_DAYS_AHEAD)
    # A fixed rate is its own interval; each task has its own anchor, so caching is no use.
    if isinstance(schedule, Every) and 2 * schedule.seconds <= _DAYS_AHEAD * _DAY.total_seconds():
        return float(schedule.seconds)
    coming = takewhile(lambda due: due <= horizon, due_times(schedule, after=today))
    pairs = pairwise(islice(coming, _MOST_DUE_TIMES))
    return min(((b - a).total_seconds() for a, b in pairs), default=None)


def _short_intervals(schedule: Schedule, today: datetime, timeout: float) -> Iterator[str]:
    shortest = shortest_interval(schedule, today)
    if shortest is not None and timeout > shortest:
        yield (
            f"The timeout ({duration_in_words(timeout)}) is longer than the shortest interval"
            f" ({duration_in_words(shortest)}): a run may be unfinished when the next is due, and"
            f" the overlap policy decides."
        )
