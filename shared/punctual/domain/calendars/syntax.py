"""Calendars from and to the API's JSON."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time

from punctual.domain.calendars.calendar import Calendar, Span, Weekly
from punctual.domain.errors import InvalidCalendar, InvalidPart, Unreadable
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.schedules.zone import zone_named

MOST_DAYS = 1000
MOST_WINDOWS = 100
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

Document = dict[str, object]


def parse_calendar(name: str, *, timezone: object, days: object, windows: object) -> Calendar:
    """Read a calendar as the API is sent it.

    `days` are dates such as "2026-12-25", `windows` objects: {"from": t, "to": t} or
    {"weekday": "sat", "start": "22:00", "end": "06:00"}, on the clocks of `timezone`. Raises
    InvalidCalendar, and nothing else whatever the JSON.
    """
    _check_zone(timezone)
    if not isinstance(days, list) or len(days) > MOST_DAYS:
        raise InvalidCalendar("/days", f"A list of at most {MOST_DAYS} dates.")
    if not isinstance(windows, list) or len(windows) > MOST_WINDOWS:
        raise InvalidCalendar("/windows", f"A list of at most {MOST_WINDOWS} windows.")
    return Calendar(
        name,
        str(timezone),
        frozenset(_day(day, f"/days/{place}") for place, day in enumerate(days)),
        tuple(_window(one, f"/windows/{place}") for place, one in enumerate(windows)),
    )


def read_calendar(
    name: str, *, timezone: object, days: object, windows: object
) -> Calendar | Unreadable:
    """Read a calendar as it is stored, whatever the rules for new ones have become since.

    Unknown fields and limits of sizes are ignored. Anything else that cannot be read makes it
    Unreadable, as what it blocks would be a guess.
    """
    try:
        _check_zone(timezone)
        if not isinstance(days, list) or not isinstance(windows, list):
            raise InvalidCalendar("", "Its days and windows are no lists.")
        read_days = frozenset(_day(day, "") for day in days)
        return Calendar(
            name, str(timezone), read_days, tuple(_stored_window(one) for one in windows)
        )
    except InvalidPart as error:
        return Unreadable(f'calendar "{name}": {error.detail}')


def _check_zone(timezone: object) -> None:
    if not isinstance(timezone, str):
        raise InvalidCalendar("/timezone", 'A time zone is a string such as "Europe/Rome".')
    try:
        zone_named(timezone)
    except InvalidPart as error:
        raise InvalidCalendar("/timezone", error.detail) from None


def _stored_window(window: object) -> Span | Weekly:
    match window:
        case {"from": start, "to": end}:
            return Span(parse_instant(start, pointer="/from"), parse_instant(end, pointer="/to"))
        case {"weekday": weekday, "start": start, "end": end}:
            return _weekly({"weekday": weekday, "start": start, "end": end}, "")
    raise InvalidCalendar("", "One of its windows has neither from and to nor a weekday.")


def to_documents(calendar: Calendar) -> tuple[list[str], list[Document]]:
    """Return the API's JSON for the days, in order, and the windows of a calendar."""
    return [day.isoformat() for day in sorted(calendar.days)], [
        _window_document(window) for window in calendar.windows
    ]


def _day(day: object, pointer: str) -> date:
    try:
        if isinstance(day, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", day, re.ASCII):
            return date.fromisoformat(day)
    except ValueError:
        pass  # there is no such day: said below, as for what looks like none
    raise InvalidCalendar(pointer, "A day is a date such as 2026-12-25.")


def _window(window: object, pointer: str) -> Span | Weekly:
    if isinstance(window, Mapping) and set(window) == {"from", "to"}:
        return _span(window, pointer)
    if isinstance(window, Mapping) and set(window) == {"weekday", "start", "end"}:
        return _weekly(window, pointer)
    raise InvalidCalendar(
        pointer, "A window has from and to, or weekday, start and end, and nothing else."
    )


def _span(window: Mapping[str, object], pointer: str) -> Span:
    try:
        start = parse_instant(window["from"], pointer="/from")
        end = parse_instant(window["to"], pointer="/to")
    except InvalidPart as error:
        raise InvalidCalendar(pointer + error.pointer, error.detail) from None
    if end <= start:
        raise InvalidCalendar(f"{pointer}/to", "The window ends before it begins.")
    return Span(start, end)


def _weekly(window: Mapping[str, object], pointer: str) -> Weekly:
    weekday = window["weekday"]
    if not isinstance(weekday, str) or weekday not in WEEKDAYS:
        raise InvalidCalendar(f"{pointer}/weekday", f"One of {', '.join(WEEKDAYS)}.")
    start, end = (_clock(window[key], f"{pointer}/{key}") for key in ("start", "end"))
    return Weekly(WEEKDAYS.index(weekday), start, end)


def _clock(text: object, pointer: str) -> time:
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        raise InvalidCalendar(pointer, "A time of day is such as 06:00; 00:00 ends a day.")
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone


def _window_document(window: Span | Weekly) -> Document:
    match window:
        case Span(start, end):
            return {"from": format_instant(start), "to": format_instant(end)}
        case Weekly(weekday, start, end):
            clocks = {"start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
            return {"weekday": WEEKDAYS[weekday], **clocks}
