"""Events as iCalendar (RFC 5545), with what RFC 7986 adds."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Timezone, TimezoneStandard
from icalendar.parser import Contentline
from icalendar.prop import vText

from punctual.domain.feeds.event import FeedEvent

REFRESH = timedelta(hours=1)
INSTANT = "%Y%m%dT%H%M%SZ"
LONGEST_LINE = 75
"""Bytes, without its end."""


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
    if not events:  # a calendar without any component is none
        calendar.add_component(_utc())
    head, end, _ = calendar.to_ical().partition(b"END:VCALENDAR")
    return b"".join((head, *(_event(event, own_url) for event in events), end, b"\r\n"))


def _event(event: FeedEvent, own_url: str) -> bytes:
    """Return one event; the library's own objects take ten times as long, and there are many."""
    start, end = _value(event.start), None if event.end is None else _value(event.end)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{event.stamp.astimezone(UTC):{INSTANT}}",
        f"SUMMARY:{_text(event.summary)}",
        f"DTSTART{start}",
        # It is later, RFC 5545 says.
        *([f"DTEND{end}"] if end is not None and end != start else ()),
        *([f"DESCRIPTION:{_text(event.description)}"] if event.description else ()),
        *([f"URL:{own_url}{event.path}"] if event.path else ()),
        f"CATEGORIES:{event.category}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _folded(line: str) -> bytes:
    """Return a line, folded by the library where it is longer than 75 bytes."""
    whole = line.encode()
    if len(whole) <= LONGEST_LINE:
        return whole
    folded: bytes = Contentline(line).to_ical()  # type: ignore[no-untyped-call]  # it has none
    return folded


def _text(text: str) -> str:
    escaped: bytes = vText(text).to_ical()
    return escaped.decode()


def _value(at: datetime | date) -> str:
    """Return what follows the name of a property: an instant, to the second, or a day."""
    if isinstance(at, datetime):
        return f":{at.astimezone(UTC):{INSTANT}}"
    return f";VALUE=DATE:{at:%Y%m%d}"


def _utc() -> Timezone:
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "Etc/UTC")
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local, as RFC 5545 has it
    standard.add("tzoffsetfrom", timedelta())
    standard.add("tzoffsetto", timedelta())
    zone.add_component(standard)
    return zone
