"""Schedules from and to the API's JSON; what they are and when they are due is in `due`."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from punctual.domain.errors import InvalidSchedule, Unreadable
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.schedules.cron import Cron, cron_rule
from punctual.domain.schedules.due import (
    FARTHEST_BACK,
    At,
    Schedule,
    Several,
    Within,
    due_times,
    is_due,
    last_due,
    moments,
    next_due,
    only_time,
)
from punctual.domain.schedules.every import Every, parse_every, read_every
from punctual.domain.schedules.zone import zone_named

__all__ = [
    "FARTHEST_BACK",
    "At",
    "Cron",
    "Every",
    "Schedule",
    "Several",
    "Within",
    "due_times",
    "is_due",
    "last_due",
    "moments",
    "next_due",
    "only_time",
    "parse_schedule",
    "read_schedule",
    "to_document",
]

MOST_SCHEDULES = 20

Document = dict[str, object]

# Which keys may stand next to the one that names the kind.
_BOUNDS = {"start", "end"}
_KEYS = {"at": {"at"}, "cron": {"cron", "timezone"}, "every": {"every"}}


def parse_schedule(
    document: object, *, anchor: datetime, pointer: str = "/schedule"
) -> Schedule | None:
    """Read a schedule as the API is sent it; None, and null in JSON, is "only by hand".

    One of {"at": t}, {"cron": "0 2 * * 1-5", "timezone": "Europe/Rome"} (UTC by default) and
    {"every": seconds}, or a list of up to 20 of them. Each may have a "start" and an "end", both
    included. An interval is first due at its start; without one it counts from `anchor`, the
    instant at which the schedule was set.
    Raises InvalidSchedule, and nothing else whatever the JSON, pointing below `pointer`.
    """
    if document is None:
        return None
    try:
        if isinstance(document, Sequence) and not isinstance(document, str | bytes):
            return _parse_several(document, anchor=anchor)
        return _parse_one(document, anchor=anchor)
    except InvalidSchedule as error:
        raise InvalidSchedule(pointer + error.pointer, error.detail) from None


def read_schedule(document: object, *, anchor: datetime) -> Schedule | Unreadable | None:
    """Read a schedule as it is stored, whatever the rules for new ones have become since.

    Unknown fields are ignored, and so are limits of numbers and sizes. What is answered as a
    Schedule has due times that can be computed here; anything else is Unreadable.
    """
    if document is None:
        return None
    try:
        if isinstance(document, list):
            return Several(tuple(_read_one(one, anchor=anchor) for one in document))
        return _read_one(document, anchor=anchor)
    except InvalidSchedule as error:
        return Unreadable(error.detail)


def _read_one(document: object, *, anchor: datetime) -> At | Cron | Every | Within:
    if not isinstance(document, Mapping):
        raise InvalidSchedule("", "The stored schedule is no object.")
    start, end = _bound(document, "start"), _bound(document, "end")
    schedule: At | Cron | Every
    match document:
        case {"at": at}:
            schedule = At(parse_instant(at, pointer="/at"))
        case {"every": seconds}:
            schedule = read_every(seconds, anchor=anchor)
            if start is not None:
                schedule = Every(schedule.seconds, _before(start, schedule.seconds))
        case {"cron": expression}:
            schedule = _parse_cron(expression, document.get("timezone", "UTC"))
        case _:
            raise InvalidSchedule("", "The stored schedule has none of at, cron and every.")
    return schedule if start is None and end is None else Within(schedule, start, end)


def _before(start: datetime, seconds: float) -> datetime:
    try:
        return start - timedelta(seconds=seconds)
    except OverflowError:
        raise InvalidSchedule("/start", "There is no time so long before the start.") from None


def _parse_several(documents: Sequence[object], *, anchor: datetime) -> Several:
    if not 1 <= len(documents) <= MOST_SCHEDULES:
        raise InvalidSchedule(
            "", f"A list has 1 to {MOST_SCHEDULES} schedules; null is only by hand."
        )
    schedules = []
    for place, document in enumerate(documents):
        try:
            schedules.append(_parse_one(document, anchor=anchor))
        except InvalidSchedule as error:
            raise InvalidSchedule(f"/{place}{error.pointer}", error.detail) from None
    return Several(tuple(schedules))


def _parse_one(document: object, *, anchor: datetime) -> At | Cron | Every | Within:
    if not isinstance(document, Mapping):
        raise InvalidSchedule("", 'A schedule is an object such as {"every": 300}, or null.')
    kinds = [kind for kind in _KEYS if kind in document]
    if len(kinds) != 1:
        found = " and ".join(kinds) if kinds else "none of them"
        raise InvalidSchedule("", f"A schedule has one of at, cron and every; this has {found}.")
    kind = kinds[0]
    for key in document:
        if key not in _KEYS[kind] | _BOUNDS:
            escaped = str(key).replace("~", "~0").replace("/", "~1")
            raise InvalidSchedule(f"/{escaped}", f"A schedule with {kind} takes no such field.")
    start, end = _bound(document, "start"), _bound(document, "end")
    if start is not None and end is not None and end < start:
        raise InvalidSchedule("/end", "The end comes before the start.")
    schedule: At | Cron | Every
    if kind == "at":
        schedule = _parse_at(document["at"], start, end)
    elif kind == "every":
        schedule = parse_every(document["every"], anchor=anchor)
        if start is not None:  # the first due time, k = 1, is the start itself
            schedule = Every(schedule.seconds, _before(start, schedule.seconds))
    else:
        schedule = _parse_cron(document["cron"], document.get("timezone", "UTC"))
    return schedule if start is None and end is None else Within(schedule, start, end)


def _bound(document: Mapping[str, object], key: str) -> datetime | None:
    value = document.get(key)
    return None if value is None else parse_instant(value, pointer=f"/{key}")


def _parse_at(at: object, start: datetime | None, end: datetime | None) -> At:
    instant = parse_instant(at, pointer="/at")
    if (start is not None and instant < start) or (end is not None and instant > end):
        raise InvalidSchedule("/at", "This time is not between its own start and end.")
    return At(instant)


def _parse_cron(expression: object, timezone: object) -> Cron:
    if not isinstance(expression, str):
        raise InvalidSchedule("/cron", 'A cron expression is a string such as "0 2 * * 1-5".')
    if not isinstance(timezone, str):
        raise InvalidSchedule("/timezone", 'A time zone is a string such as "Europe/Rome".')
    cron_rule(expression)
    zone_named(timezone)
    return Cron(expression.strip(), timezone)


def to_document(schedule: Schedule | None) -> Document | list[Document] | None:
    """Return the API's JSON for a schedule, which parse_schedule reads back as the same one."""
    if schedule is None:
        return None
    if isinstance(schedule, Several):
        return [_document(one) for one in schedule.schedules]
    return _document(schedule)


def _document(schedule: At | Cron | Every | Within) -> Document:
    match schedule:
        case At(at):
            return {"at": format_instant(at)}
        case Cron(expression, timezone):
            return {"cron": expression, "timezone": timezone}
        case Every(seconds, _):
            return {"every": seconds}
        case Within(bounded, start, end):
            bounds = {"start": start, "end": end}
            times = {key: format_instant(at) for key, at in bounds.items() if at is not None}
            return {**_document(bounded), **times}
