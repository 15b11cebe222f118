"""Calendars: named days and windows in which nothing is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from punctual.domain.errors import Unreadable
from punctual.domain.schedule import Schedule, next_due
from punctual.domain.wallclock import first_change
from punctual.domain.zone import zone_named

DAY = timedelta(days=1)
MOST_LEAPS = 5000

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to, and without, another one."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on a weekday (0 is Monday) from a time of day; an end that is not later is on
    the day after, and not held any more itself.
    """

    weekday: int
    start: time
    end: time

    @property
    def overnight(self) -> bool:
        """Whether it ends on the day after it began."""
        return self.end <= self.start


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days and times of day are read on the clocks of `timezone`."""

    name: str
    timezone: str
    days: frozenset[date] = frozenset()
    windows: tuple[Span | Weekly, ...] = ()


Calendars = Sequence[Calendar]


def held_by(calendars: Calendars, at: datetime) -> str | None:
    """The name of the first calendar in which nothing is due at this instant, if one is."""
    return next((one.name for one in calendars if _end_of_hold(one, at) is not None), None)


def unheld(schedule: Schedule, calendars: Calendars, *, after: datetime) -> Iterator[datetime]:
    """The schedule's due times strictly after `after`, without those in the calendars.

    In UTC, ascending; may be endless. Held times are leapt over and not counted through; after
    5,000 leaps in a row it ends, as if there were none any more.
    """
    leaps = 0
    due = next_due(schedule, after=after)
    while due is not None and leaps < MOST_LEAPS:
        ends = [end for one in calendars if (end := _end_of_hold(one, due)) is not None]
        if ends:
            leaps += 1
            due = next_due(schedule, after=max(max(ends) - _INSTANT, due))
        else:
            leaps = 0
            yield due
            due = next_due(schedule, after=due)


def next_unheld(
    schedule: Schedule | None, calendars: Calendars, *, after: datetime
) -> datetime | None:
    """The first due time strictly after `after` that no calendar holds."""
    return None if schedule is None else next(unheld(schedule, calendars, after=after), None)


def _end_of_hold(calendar: Calendar, at: datetime) -> datetime | None:
    """When a hold that covers `at` ends, in UTC; None when none covers it.

    Where clocks change before that, the change: set back, they may show a time that is not held.
    """
    zone = zone_named(calendar.timezone)
    local = at.astimezone(zone).replace(tzinfo=None)
    ends = []
    if local.date() in calendar.days:
        ends.append(_instant(calendar, datetime.combine(local.date() + DAY, time())))
    for window in calendar.windows:
        match window:
            case Span(start, end) if start <= at < end:
                ends.append(end)
            case Weekly() if (local_end := _weekly_end(window, local)) is not None:
                ends.append(_instant(calendar, local_end))
    last = max(ends, default=None)
    return last if last is None or last <= at else first_change(zone, at, last) or last


def _weekly_end(window: Weekly, local: datetime) -> datetime | None:
    """When the window that covers this local time ends, if one does."""
    for began in (local.date(), local.date() - DAY):
        if began.weekday() != window.weekday:
            continue
        ends = datetime.combine(began + DAY if window.overnight else began, window.end)
        if datetime.combine(began, window.start) <= local < ends:
            return ends
    return None


def _instant(calendar: Calendar, local: datetime) -> datetime:
    return local.replace(tzinfo=zone_named(calendar.timezone)).astimezone(UTC)


StoredCalendars = Mapping[str, Calendar | Unreadable]
"""An owner's calendars by name, as far as they can be read."""


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
    """Those of the calendars that a task names, in its order."""
    return [calendars[name] for name in names or () if name in calendars]
