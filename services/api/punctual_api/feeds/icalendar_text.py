"""Events as iCalendar (RFC 5545), with what RFC 7986 adds."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from punctual.domain.feeds.event import FeedEvent

REFRESH = timedelta(hours=1)


def icalendar_of(events: Sequence[FeedEvent], *, name: str, own_url: str) -> bytes:
    """Return a feed of these events, in UTC, which each program shows in its own zone."""
    calendar = Calendar()
    calendar.add("prodid", "-//Punctual//Feed//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for key in ("name", "x-wr-calname"):
        calendar.add(key, name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for event in events:
        calendar.add_component(_component(event, own_url))
    if not events:  # a calendar without any component is none
        calendar.add_component(_utc())
    text: bytes = calendar.to_ical()
    return text


def _component(event: FeedEvent, own_url: str) -> Event:
    made = Event()
    made.add("uid", event.uid)
    made.add("dtstamp", _whole(event.stamp))
    made.add("summary", event.summary)
    start, end = _whole(event.start), None if event.end is None else _whole(event.end)
    made.add("dtstart", start)
    if end is not None and end != start:  # it is later, RFC 5545 says
        made.add("dtend", end)
    if event.description:
        made.add("description", event.description)
    if event.path:
        made.add("url", own_url + event.path)
    made.add("categories", [event.category])
    made.add("transp", "TRANSPARENT")
    return made


def _whole(at: datetime | date) -> datetime | date:
    """Return an instant as iCalendar has them, in UTC and to the second; a day as it is."""
    return at.astimezone(UTC).replace(microsecond=0) if isinstance(at, datetime) else at


def _utc() -> Timezone:
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "Etc/UTC")
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local, as RFC 5545 has it
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    zone.add_component(standard)
    return zone
