"""When a request is repeated, and how long after."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_TRIES = 4
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 30.0
GIVE_UP_SECONDS = 60.0
"""After that long a request is not repeated any more, however few its tries."""

TRY_AGAIN = frozenset({429, 502, 503})


def wait_seconds(
    tries: int, *, elapsed: float, retry_after: float | None, chance: float
) -> float | None:
    """Return how long to wait before the next try, None to give up.

    `tries` is how many there were, `chance` a number from 0 to 1 that keeps clients apart. What
    the server says in Retry-After counts, unless it is longer than people wait.
    """
    if tries >= MOST_TRIES:
        return None
    wait: float = FIRST_WAIT_SECONDS * 2 ** (tries - 1) * (0.5 + chance / 2)
    if retry_after is not None:
        wait = max(wait, retry_after)
    if wait > LONGEST_WAIT_SECONDS or elapsed + wait > GIVE_UP_SECONDS:
        return None
    return wait


def read_retry_after(header: str | None, *, now: datetime) -> float | None:
    """Return the seconds of a Retry-After, which may be a date; None without a readable one."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
