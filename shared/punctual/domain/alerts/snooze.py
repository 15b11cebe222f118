"""Snoozes: no alerts of a task for a while, or until it is ok."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from punctual.domain.errors import InvalidSchedule
from punctual.domain.schedules.zone import zone_named

LONGEST = timedelta(days=366)
"""A snooze that is forgotten must not silence a task for good."""
MORNING = time(9)
FALLBACK = "UTC"


class SnoozeChoice(StrEnum):
    """What buttons and links offer."""

    HOUR = "hour"
    TOMORROW = "tomorrow"
    OK = "ok"


WORDS: Mapping[SnoozeChoice, str] = {
    SnoozeChoice.HOUR: "for 1 hour",
    SnoozeChoice.TOMORROW: "until tomorrow 09:00",
    SnoozeChoice.OK: "until it is ok again",
}


class Snooze(NamedTuple):
    """How long a task is snoozed: until a time, or without one until it is ok."""

    until: datetime | None = None

    @property
    def until_ok(self) -> bool:
        """Return whether it ends when the task is ok again."""
        return self.until is None


def chosen_snooze(choice: SnoozeChoice, *, now: datetime, zone: ZoneInfo) -> Snooze:
    """Return the snooze that a choice means now, to a reader in that zone."""
    match choice:
        case SnoozeChoice.HOUR:
            return Snooze(now + timedelta(hours=1))
        case SnoozeChoice.TOMORROW:
            tomorrow = now.astimezone(zone).date() + timedelta(days=1)
            return Snooze(datetime.combine(tomorrow, MORNING, zone))
        case SnoozeChoice.OK:
            return Snooze()


def zone_of_schedule(document: object) -> ZoneInfo:
    """Return the time zone that a stored schedule names first, which its readers think in; UTC.

    Reads a schedule of any release.
    """
    for name in _zones(document):
        try:
            return zone_named(name)
        except InvalidSchedule:
            continue
    return zone_named(FALLBACK)


def _zones(document: object) -> Iterable[str]:
    parts = document if isinstance(document, list) else [document]
    for part in parts:
        zone = part.get("timezone") if isinstance(part, Mapping) else None
        if isinstance(zone, str):
            yield zone
