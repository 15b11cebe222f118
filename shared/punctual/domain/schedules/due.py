"""Schedules as values, and the instants at which they are due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby, takewhile

from punctual.domain.schedules.cron import Cron, cron_due_times
from punctual.domain.schedules.every import Every, every_due_times

FARTHEST_BACK = timedelta(days=366 * 30)

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class At:
    """Due once, at an instant."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Within:
    """Due when `schedule` is, from `start` up to and including `end`; None is no bound."""

    schedule: At | Cron | Every
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Several:
    """Due whenever one of the schedules is; where they coincide, once."""

    schedules: tuple[At | Cron | Every | Within, ...]


Schedule = At | Cron | Every | Within | Several


def due_times(schedule: Schedule, *, after: datetime) -> Iterator[datetime]:
    """Yield the due times strictly after `after` (aware, from 1970 on), computed lazily.

    In UTC, ascending, unique; may be endless. Going on from any of them gives the same rest.
    """
    match schedule:
        case At(at):
            return iter((at.astimezone(UTC),) if at > after else ())
        case Cron():
            return cron_due_times(schedule, after=after)
        case Every():
            return every_due_times(schedule, after=after)
        case Within(bounded, start, end):
            begin = after if start is None else max(after, start - _INSTANT)
            coming = due_times(bounded, after=begin)
            return coming if end is None else takewhile(lambda due: due <= end, coming)
        case Several(schedules):
            coming = merge(*(due_times(one, after=after) for one in schedules))
            return (due for due, _ in groupby(coming))


def next_due(schedule: Schedule | None, *, after: datetime) -> datetime | None:
    """Return the first due time strictly after `after`, in UTC, or None when none is left."""
    return None if schedule is None else next(due_times(schedule, after=after), None)


def last_due(schedule: Schedule, *, at: datetime) -> datetime | None:
    """Return the last due time at or before `at`; None when there was none in thirty years.

    Single times are found however old they are. In a few dozen steps, however many due times
    there were: none is counted.
    """
    back = timedelta(minutes=1)
    while (low := next_due(schedule, after=at - back)) is None or low > at:
        if back == FARTHEST_BACK:
            return max((moment for moment in moments(schedule) if moment <= at), default=None)
        back = min(back * 4, FARTHEST_BACK)
    high = at  # from here on the answer lies from `low`, which is due, up to `high`
    while (following := next_due(schedule, after=low)) is not None and following <= high:
        middle = low + (high - low) / 2
        later = next_due(schedule, after=middle)
        if later is not None and later <= high:
            low = later
        else:
            high = middle
    return low


def is_due(schedule: Schedule, at: datetime) -> bool:
    """Return whether `at` is one of the schedule's due times."""
    return next_due(schedule, after=at - _INSTANT) == at


def only_time(schedule: Schedule | None) -> datetime | None:
    """Return the instant of a schedule that is due once; None for every other kind."""
    match schedule:
        case At(at) | Within(At(at)):
            return at
    return None


def moments(schedule: Schedule | None) -> frozenset[datetime]:
    """Return the instants that a schedule names one by one, in UTC, past ones included."""
    parts = schedule.schedules if isinstance(schedule, Several) else (schedule,)
    named = (only_time(part) for part in parts)
    return frozenset(at.astimezone(UTC) for at in named if at is not None)
