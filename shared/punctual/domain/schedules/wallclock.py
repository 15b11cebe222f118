"""Convert local times to instants: the rule for daylight saving."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_DAY = timedelta(days=1)


def instants(
    labels: Callable[[datetime], Iterable[datetime]],
    zone: tzinfo,
    *,
    after: datetime,
    elapsed: bool,
) -> Iterator[datetime]:
    """Yield the instants strictly after `after` at which clocks in `zone` show one of the labels.

    `labels(start)` gives the naive wall-clock times strictly after `start`, ascending. Answers
    are in UTC, ascending, unique. Where clocks are set forward or back, `elapsed` decides:

    - False: every label happens once. One that the clocks skip happens at the first instant
      after the gap, one that they show twice happens the first time.
    - True: real time counts. A skipped label does not happen, a repeated one happens twice.
    """
    after = after.astimezone(UTC)
    # Shortly before clocks go back, labels already passed are still to come a second time: they
    # are after `after` by tomorrow's offset, though not by today's.
    offset = min(_offset(after, zone), _offset(after + _DAY, zone))
    latest = after
    repeats: deque[datetime] = deque()
    for label in labels(after.replace(tzinfo=None) + offset):
        first, second = both_instants(label, zone)
        if first > second:  # the clocks skip it
            if elapsed:
                continue
            first = gap_end(label, zone)
        while repeats and repeats[0] < first:
            yield repeats.popleft()
        if first > latest:
            latest = first
            yield first
        if elapsed and first < second:
            repeats.append(second)
    yield from repeats


def both_instants(label: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return a label's instants by the offsets on either side of the nearest clock change.

    Equal: an ordinary label. Ascending: a repeated one. Descending: a skipped one, and the change
    lies between the two.
    """
    utc = label.replace(tzinfo=UTC)
    return (
        utc - _known(label.replace(tzinfo=zone, fold=0).utcoffset()),
        utc - _known(label.replace(tzinfo=zone, fold=1).utcoffset()),
    )


def gap_end(label: datetime, zone: tzinfo) -> datetime:
    """Return the first instant after the gap that a skipped label lies in, to the second."""
    late, early = both_instants(label, zone)
    return _change_between(early, late, zone)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """An instant at which the clocks of a place are set.

    The wall-clock times from `start` up to `end`, naive, are skipped or shown twice.
    """

    at: datetime
    start: datetime
    end: datetime
    forward: bool


def clock_changes(zone: tzinfo, *, after: datetime, days: int) -> Iterator[ClockChange]:
    """Yield every change of the clocks of `zone` in the `days` days after `after`, ascending."""
    for days_ahead in range(days):
        today = after + days_ahead * _DAY
        old, new = _offset(today, zone), _offset(today + _DAY, zone)
        if old != new:
            at = _change_between(today, today + _DAY, zone)
            utc = at.astimezone(UTC).replace(tzinfo=None)
            yield ClockChange(at, utc + min(old, new), utc + max(old, new), forward=new > old)


def first_change(zone: tzinfo, early: datetime, late: datetime) -> datetime | None:
    """Return the first instant after `early`, and by `late`, at which clocks in `zone` are set.

    None when they show the same offset at both: two changes between are not looked for.
    """
    return (
        _change_between(early, late, zone) if _offset(early, zone) != _offset(late, zone) else None
    )


def _change_between(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """Return the first instant after `early`, and by `late`, whose offset differs."""
    seconds = range(int((late - early).total_seconds()) + 1)
    old = _offset(early, zone)
    seconds_before = bisect_left(
        seconds, True, key=lambda second: _offset(early + timedelta(seconds=second), zone) != old
    )
    return early + timedelta(seconds=seconds_before)


def _offset(instant: datetime, zone: tzinfo) -> timedelta:
    return _known(instant.astimezone(zone).utcoffset())


def _known(offset: timedelta | None) -> timedelta:
    if offset is None:
        raise TypeError("a time zone that knows no offset is no time zone")
    return offset
