"""Convert one local time to an instant: the rule for clock changes."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from punctual.domain.errors import InvalidSchedule
from punctual.domain.instant import FIRST_YEAR, LAST_YEAR
from punctual.domain.schedules.wallclock import both_instants, gap_end
from punctual.domain.schedules.zone import zone_named


def local_instant(local: str, zone: str) -> datetime:
    """Return the instant at which clocks in a zone show `local`, or that its own offset means.

    A time that the clocks skip is the first instant after the gap, one that they show twice is
    the first of the two, as for cron schedules. Raises InvalidSchedule at /at or /at_zone.
    """
    typed, place = _read(local, zone)
    try:
        instant = typed.astimezone(UTC) if place is None else _first(typed, place)
    except OverflowError:
        raise InvalidSchedule("/at", "There is no such time.") from None
    if instant.year < FIRST_YEAR:
        raise InvalidSchedule("/at", f"A time lies in the years {FIRST_YEAR} to {LAST_YEAR}.")
    return instant


def clock_change_warning(local: str, zone: str) -> str | None:
    """Return what happens to a local time that a clock change skips or repeats; None for others.

    Raises InvalidSchedule as local_instant does.
    """
    instant = local_instant(local, zone)
    typed, place = _read(local, zone)
    if place is None:
        return None
    first, second = both_instants(typed, place)
    where = f"On {typed:%Y-%m-%d} clocks in {zone} go"
    if first > second:
        shown = instant.astimezone(place)
        return (
            f"{where} forward and {typed:%H:%M} does not exist: {shown:%H:%M} is taken"
            f" ({instant:%H:%M} UTC), the first time after the gap."
        )
    if first < second:
        return (
            f"{where} back and {typed:%H:%M} comes twice: the first is taken ({first:%H:%M} UTC)."
            f" For the second, write {second:%Y-%m-%d %H:%M} with the time zone UTC."
        )
    return None


def _read(local: str, zone: str) -> tuple[datetime, ZoneInfo | None]:
    try:
        typed = datetime.fromisoformat(local)
    except ValueError:
        raise InvalidSchedule("/at", "Pick a date and a time.") from None
    if typed.tzinfo is not None:
        return typed, None
    try:
        return typed, zone_named(zone)
    except InvalidSchedule as error:
        raise InvalidSchedule("/at_zone", error.detail) from None


def _first(typed: datetime, place: ZoneInfo) -> datetime:
    first, second = both_instants(typed, place)
    return gap_end(typed, place) if first > second else first
