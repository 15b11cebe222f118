"""Calendars: named days and windows in which nothing is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from punctual.domain.calendars.blocks import DAY, FOREVER, Blocks, Span, Weekly
from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import Schedule, Several, due_times

__all__ = [
    "DAY",
    "Calendar",
    "Calendars",
    "SearchLimit",
    "Span",
    "Weekly",
    "blocking_calendar",
    "calendar_named",
    "next_unblocked",
    "readable_calendars",
    "unblocked",
]

MOST_STEPS = 5000
"""Consecutive blocked due times after which a search without a limit of its own ends."""

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Calendar:
    """Days and times of day are read on the clocks of `timezone`."""

    name: str
    timezone: str
    days: frozenset[date] = frozenset()
    windows: tuple[Span | Weekly, ...] = ()

    @cached_property
    def blocks(self) -> Blocks:
        """Return what it blocks, merged once."""
        return Blocks(self.timezone, self.days, self.windows)


Calendars = Sequence[Calendar]


class SearchLimit:
    """The most steps over blocked due times that a search may take, and those it took.

    A step is a leap over one block, or one schedule that is asked for its next due time after it.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.steps = 0

    @property
    def reached(self) -> bool:
        """Return whether the search stopped, and may have missed due times."""
        return self.steps >= self.most


def blocking_calendar(calendars: Calendars, at: datetime) -> str | None:
    """Return the name of the first calendar that blocks this instant, or None."""
    labels: dict[str, datetime] = {}
    for one in calendars:
        if (label := labels.get(one.timezone)) is None:
            label = labels[one.timezone] = one.blocks.label(at)
        if one.blocks.block(at, label):
            return one.name
    return None


def unblocked(
    schedule: Schedule,
    calendars: Calendars,
    *,
    after: datetime,
    search_limit: SearchLimit | None = None,
) -> Iterator[datetime]:
    """Yield the schedule's due times strictly after `after`, without those in the calendars.

    In UTC, ascending; may be endless. Blocks are leapt over, and due times in them not counted
    through. At the limit (5,000 steps in a row where none is given) it ends, as if there were none
    any more.
    """
    schedules = len(schedule.schedules) if isinstance(schedule, Several) else 1
    coming = due_times(schedule, after=after)
    taken = search_limit or SearchLimit(MOST_STEPS)
    while not taken.reached and (due := next(coming, None)) is not None:
        end = _end_of_blocks(calendars, due, taken)
        if end is None:
            if search_limit is None:
                taken = SearchLimit(MOST_STEPS)
            yield due
        elif end == FOREVER:
            return
        else:
            taken.steps += schedules
            coming = due_times(schedule, after=max(end - _INSTANT, due))


def next_unblocked(
    schedule: Schedule | None,
    calendars: Calendars,
    *,
    after: datetime,
    search_limit: SearchLimit | None = None,
) -> datetime | None:
    """Return the first due time strictly after `after` that no calendar blocks."""
    if schedule is None:
        return None
    return next(unblocked(schedule, calendars, after=after, search_limit=search_limit), None)


def _end_of_blocks(
    calendars: Calendars, at: datetime, search_limit: SearchLimit
) -> datetime | None:
    """Return the end of what the calendars block together from `at` on, or None.

    At the limit, some instant before that end.
    """
    end: datetime | None = None
    while end is None or not search_limit.reached:
        here = end or at
        later = max((last for one in calendars if (last := one.blocks.end_at(here))), default=None)
        if later is None or later <= here:
            return end if later is None else max(here, at + _INSTANT)
        search_limit.steps += 1
        end = later
        if end == FOREVER:
            break
    return end


StoredCalendars = Mapping[str, Calendar | Unreadable]
"""A team's calendars by name, as far as they can be read."""


def readable_calendars(
    calendars: StoredCalendars, names: Sequence[str] | None
) -> Calendars | Unreadable:
    """Return the calendars that a task names, in its order, or why one of them is Unreadable."""
    chosen: list[Calendar] = []
    for name in names or ():
        match calendars.get(name):
            case Calendar() as calendar:
                chosen.append(calendar)
            case Unreadable() as unreadable:
                return unreadable
    return chosen


def calendar_named(calendars: Mapping[str, Calendar], names: Sequence[str] | None) -> Calendars:
    """Return those of the calendars that a task names, in its order."""
    return [calendars[name] for name in names or () if name in calendars]
