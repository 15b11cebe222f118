"""Instants as text: RFC 3339 with an offset, never a naive time."""

import re
from datetime import UTC, datetime

from punctual.domain.errors import InvalidSchedule

FIRST_YEAR = 1970
LAST_YEAR = 9999

_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?"
    r"(?P<offset>[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?",
    re.ASCII,
)
_LONGEST = 64


def parse_instant(text: object, *, pointer: str) -> datetime:
    """Read an RFC 3339 date-time, "2026-03-29T02:30:00+01:00", as an instant in UTC.

    "Z", lower case and a blank for the "T" are fine; digits beyond microseconds are dropped.
    Raises InvalidSchedule at `pointer` for a naive time, a year outside 1970-9999 in UTC, and
    whatever else is no such instant.
    """
    if not isinstance(text, str):
        raise InvalidSchedule(pointer, "A time is a string such as 2026-01-31T09:00:00Z.")
    shape = _RFC_3339.fullmatch(text) if len(text) <= _LONGEST else None
    if shape is None:
        raise InvalidSchedule(
            pointer, "This is not an RFC 3339 time; write it as 2026-01-31T09:00:00+01:00."
        )
    if shape["offset"] is None:
        raise InvalidSchedule(
            pointer, "This time has no offset, so it could be anywhere: add Z or one like +01:00."
        )
    try:
        instant = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidSchedule(pointer, f"There is no such time: {error}.") from None
    if instant.year < FIRST_YEAR:
        raise InvalidSchedule(pointer, f"A time lies in the years {FIRST_YEAR} to {LAST_YEAR}.")
    return instant


def format_instant(instant: datetime) -> str:
    """Write an aware instant as the API does: in UTC, with "Z", microseconds only if any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
