"""When a task is due: schedules as values, from and to the API's JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from punctual.domain.cron import Cron, cron_due_times, cron_rule
from punctual.domain.errors import InvalidSchedule
from punctual.domain.every import Every, every_due_times, parse_every
from punctual.domain.instant import format_instant, parse_instant
from punctual.domain.zone import zone_named

__all__ = [
    "At",
    "Cron",
    "Every",
    "Schedule",
    "due_times",
    "next_due",
    "parse_schedule",
    "to_document",
]


@dataclass(frozen=True, slots=True)
class At:
    """Due once, at an instant."""

    at: datetime


Schedule = At | Cron | Every

# Which keys may stand beside the one that tells the kind.
_KEYS = {"at": {"at"}, "cron": {"cron", "timezone"}, "every": {"every"}}


def parse_schedule(
    document: Mapping[str, object] | None, *, anchor: datetime, pointer: str = "/schedule"
) -> Schedule | None:
    """Read a schedule as the API is sent it; None, and null in JSON, is "only by hand".

    One of {"at": t}, {"cron": "0 2 * * 1-5", "timezone": "Europe/Rome"} (UTC by default) and
    {"every": seconds}, which counts from `anchor`, the instant at which the schedule was set.
    Raises InvalidSchedule, and nothing else whatever the JSON, pointing below `pointer`.
    """
    if document is None:
        return None
    try:
        return _parse(document, anchor=anchor)
    except InvalidSchedule as error:
        raise InvalidSchedule(pointer + error.pointer, error.detail) from None


def _parse(document: object, *, anchor: datetime) -> Schedule:
    if not isinstance(document, Mapping):
        raise InvalidSchedule("", 'A schedule is an object such as {"every": 300}, or null.')
    kinds = [kind for kind in _KEYS if kind in document]
    if len(kinds) != 1:
        found = " and ".join(kinds) if kinds else "none of them"
        raise InvalidSchedule("", f"A schedule has one of at, cron and every; this has {found}.")
    kind = kinds[0]
    for key in document:
        if key not in _KEYS[kind]:
            escaped = str(key).replace("~", "~0").replace("/", "~1")
            raise InvalidSchedule(f"/{escaped}", f"A schedule with {kind} takes no such field.")
    if kind == "at":
        return At(parse_instant(document["at"], pointer="/at"))
    if kind == "every":
        return parse_every(document["every"], anchor=anchor)
    return _parse_cron(document["cron"], document.get("timezone", "UTC"))


def _parse_cron(expression: object, timezone: object) -> Cron:
    if not isinstance(expression, str):
        raise InvalidSchedule("/cron", 'A cron expression is a string such as "0 2 * * 1-5".')
    if not isinstance(timezone, str):
        raise InvalidSchedule("/timezone", 'A time zone is a string such as "Europe/Rome".')
    cron_rule(expression)
    zone_named(timezone)
    return Cron(expression.strip(), timezone)


def to_document(schedule: Schedule | None) -> dict[str, object] | None:
    """The API's JSON for a schedule, which parse_schedule reads back as the same one."""
    match schedule:
        case None:
            return None
        case At(at):
            return {"at": format_instant(at)}
        case Cron(expression, timezone):
            return {"cron": expression, "timezone": timezone}
        case Every(seconds, _):
            return {"every": seconds}


def due_times(schedule: Schedule, *, after: datetime) -> Iterator[datetime]:
    """The due times strictly after `after` (aware, from 1970 on), computed as they are asked for.

    In UTC, ascending, unique; may be endless. Going on from any of them gives the same rest.
    """
    match schedule:
        case At(at):
            return iter((at.astimezone(UTC),) if at > after else ())
        case Cron():
            return cron_due_times(schedule, after=after)
        case Every():
            return every_due_times(schedule, after=after)


def next_due(schedule: Schedule | None, *, after: datetime) -> datetime | None:
    """The first due time strictly after `after`, in UTC, or None when there is none any more."""
    return None if schedule is None else next(due_times(schedule, after=after), None)
