"""Pages of a list in the order of time: the next one begins before an instant in the address."""

from datetime import UTC, datetime

from flask import request


def instant_before() -> datetime | None:
    """What the page asked for begins before; None for the first one, or for what is no time."""
    try:
        return datetime.fromtimestamp(int(request.args.get("before", "")) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def microseconds(instant: datetime) -> int:
    """Return an instant as an address says it."""
    return round(instant.timestamp() * 1_000_000)
