"""Pages of a list by time: the next page begins before an instant in the address."""

from datetime import UTC, datetime

from flask import request


def instant_before() -> datetime | None:
    """Return the instant before which the requested page begins, or None."""
    try:
        return datetime.fromtimestamp(int(request.args.get("before", "")) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def microseconds(instant: datetime) -> int:
    """Return an instant as it is written in an address."""
    return round(instant.timestamp() * 1_000_000)
