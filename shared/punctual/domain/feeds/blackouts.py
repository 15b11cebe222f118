"""The times that calendars block, as events."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from punctual.domain.calendars.calendar import Calendar, Span, Weekly
from punctual.domain.feeds.event import FeedEvent
from punctual.domain.feeds.upcoming import HORIZON
from punctual.domain.schedules.zone import zone_named

MOST_BLACKOUTS = 500

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class FeedCalendar:
    """A calendar, and when it was last changed."""

    id: uuid.UUID
    calendar: Calendar
    changed_at: datetime


def blackouts(calendars: Sequence[FeedCalendar], *, now: datetime) -> list[FeedEvent]:
    """Return what the calendars block in the next 31 days, 500 events of each at most."""
    return [
        event for one in calendars for event in islice(_events_of(one, now=now), MOST_BLACKOUTS)
    ]


def _events_of(one: FeedCalendar, *, now: datetime) -> Iterator[FeedEvent]:
    zone = zone_named(one.calendar.timezone)
    today = now.astimezone(zone).date()
    last = (now + HORIZON).astimezone(zone).date()
    for day in sorted(day for day in one.calendar.days if today <= day <= last):
        yield _event(one, day, day + _DAY)
    for window in one.calendar.windows:
        match window:
            case Span(start, end):
                if start < now + HORIZON and end > now:
                    yield _event(one, start, end)
            case Weekly():
                day = today + ((window.weekday - today.weekday()) % 7 - 7) * _DAY
                while day <= last:
                    start = datetime.combine(day, window.start, zone).astimezone(UTC)
                    until = day + _DAY if window.overnight else day
                    end = datetime.combine(until, window.end, zone).astimezone(UTC)
                    if end > max(now, start):
                        yield _event(one, start, end)
                    day += _WEEK


def _event(one: FeedCalendar, start: datetime | date, end: datetime | date) -> FeedEvent:
    at = start.astimezone(UTC) if isinstance(start, datetime) else start
    shape = "%Y%m%dT%H%M%SZ" if isinstance(start, datetime) else "%Y%m%d"
    return FeedEvent(
        uid=f"{one.id}.{at:{shape}}@punctual",
        summary=f"Nothing is due: {one.calendar.name}",
        start=start,
        end=end,
        stamp=one.changed_at,
        category="Blackout",
        description="Tasks that name this calendar are not due.",
        path=f"/calendar/{one.id}/",
    )
