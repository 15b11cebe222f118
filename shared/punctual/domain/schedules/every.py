"""A fixed rate, counted from an anchor in whole microseconds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from punctual.domain.errors import InvalidSchedule

SHORTEST = 1
LONGEST = 10 * 365 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Every:
    """Due at `anchor` + k times `seconds`, for k = 1, 2, 3…; a fraction counts to microseconds."""

    seconds: int | float
    anchor: datetime


def parse_every(seconds: object, *, anchor: datetime) -> Every:
    """Return a fixed rate from the API's number of seconds, one second to ten years.

    Raises InvalidSchedule at "/every" otherwise.
    """
    # A bool is an int to Python, but `true` never means one second. NaN fails the comparison.
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise InvalidSchedule("/every", "An interval is a number of seconds, such as 300.")
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidSchedule(
            "/every", f"An interval has {SHORTEST} to {LONGEST} seconds (ten years)."
        )
    return Every(seconds, anchor)


def read_every(seconds: object, *, anchor: datetime) -> Every:
    """Return a stored fixed rate, however long; raises InvalidSchedule when it is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise InvalidSchedule("/every", "The stored interval is no number of seconds.")
    if not SHORTEST <= seconds <= timedelta.max.total_seconds() / 2:
        raise InvalidSchedule("/every", f"The stored interval is not {SHORTEST} second or more.")
    return Every(seconds, anchor)


def every_due_times(every: Every, *, after: datetime) -> Iterator[datetime]:
    """Yield the due times strictly after `after`: in UTC, ascending, exact, until the year 9999."""
    period = timedelta(seconds=every.seconds)
    anchor = every.anchor.astimezone(UTC)
    # Division of timedeltas is integer arithmetic in microseconds: nothing adds up to a drift.
    k = max((after - anchor) // period + 1, 1)
    while True:
        try:
            due = anchor + k * period
        except OverflowError:
            return
        yield due
        k += 1
