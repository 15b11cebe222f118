"""Times and durations as people type and read them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from punctual_client.command.refusals import Refusal

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
NUMBER = re.compile(r"\d+(\.\d+)?")
STEPS = ((86400 * 2, 86400, "d"), (3600 * 2, 3600, "h"), (60 * 2, 60, "min"))


def read_duration(text: str) -> float:
    """Return the seconds of `90`, `15m`, `1h30m` or `2d`; raises Refusal."""
    plain = text.strip().lower()
    if NUMBER.fullmatch(plain):
        return float(plain)
    parts = PART.findall(plain)
    if not parts or PART.sub("", plain).strip():
        raise Refusal(f"{text!r} is no duration: type seconds, or 30s, 15m, 1h30m, 2d, 1w.")
    return sum(float(number) * SECONDS[unit] for number, unit in parts)


def read_moment(
    text: str, *, now: datetime, zone: tzinfo | None = None, forward: bool = True
) -> str:
    """Return a time as the API takes it; a duration counts from now, forward or back.

    One without an offset is in `zone`, by default this machine's.
    """
    plain = text.strip()
    if plain.lower() == "now":
        return format_moment(now)
    try:
        at = datetime.fromisoformat(plain)
    except ValueError:
        try:
            distance = timedelta(seconds=read_duration(plain.removeprefix("+")))
        except Refusal:
            raise Refusal(
                f"{text!r} is no time: type 2026-12-01T09:00+01:00, '2026-12-01 09:00', 15m or now."
            ) from None
        return format_moment(now + distance if forward else now - distance)
    if at.tzinfo is None:
        at = at.astimezone() if zone is None else at.replace(tzinfo=zone)
    return format_moment(at)


def read_zone(name: str | None) -> tzinfo | None:
    """Return the time zone of a name; raises Refusal."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refusal(f"There is no time zone {name!r}: type one like Europe/Rome.") from None


def format_moment(at: datetime) -> str:
    """Return a time in UTC, as RFC 3339 has it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local(text: str | None) -> str:
    """Return an answered time as this machine's clock has it, to the second."""
    if text is None:
        return ""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def distance(text: str | None, *, now: datetime) -> str:
    """Return how far an answered time is from now: `in 4 h`, `3 min ago`."""
    if text is None:
        return ""
    seconds = (datetime.fromisoformat(text) - now).total_seconds()
    size = amount(abs(seconds))
    return f"in {size}" if seconds >= 0 else f"{size} ago"


def amount(seconds: float) -> str:
    """Return a length of time in one unit, rounded down."""
    for least, unit, name in STEPS:
        if seconds >= least:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} s" if seconds >= 10 else f"{seconds:.1f} s"
