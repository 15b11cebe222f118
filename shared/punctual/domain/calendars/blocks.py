"""The intervals that one calendar blocks, merged once, so that each lookup is cheap."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from punctual.domain.schedules.wallclock import first_change
from punctual.domain.schedules.zone import zone_named

DAY = timedelta(days=1)
FOREVER = datetime.max.replace(tzinfo=UTC)

_WEEK = timedelta(days=7)
_LAST_DAY = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Span:
    """The time from one instant up to another, which is excluded."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on a weekday (0 is Monday) from a time of day; an end that is not later is on
    the day after, and is not blocked itself.
    """

    weekday: int
    start: time
    end: time

    @property
    def overnight(self) -> bool:
        """Return whether it ends on the day after it began."""
        return self.end <= self.start


class Blocks:
    """The intervals in which a calendar blocks due times, merged.

    Weekly windows and days are kept as the clocks of its place show them, so that they are merged
    once for all weeks and years; what clocks show at an instant decides.
    """

    def __init__(
        self, timezone: str, days: Iterable[date], windows: Iterable[Span | Weekly]
    ) -> None:
        self._zone = zone_named(timezone)
        weekly, spans = [], []
        for window in windows:
            match window:
                case Span(start, end):
                    spans.append((start, end))
                case Weekly():
                    weekly += _in_week(window)
        self._week = _Merged(weekly)
        self._spans = _Merged(spans)
        self._days = _Merged((day.toordinal(), day.toordinal() + 1) for day in days)
        self._always = self._week.intervals == [(timedelta(), _WEEK)]

    def label(self, at: datetime) -> datetime:
        """Return what the calendar's clocks show at an instant, without a zone."""
        return at.astimezone(self._zone).replace(tzinfo=None)

    def block(self, at: datetime, label: datetime) -> bool:
        """Return whether a due time at this instant, which the clocks show so, is blocked."""
        if self._spans.end_at(at) is not None:
            return True
        if self._days.end_at(label.toordinal()) is not None:
            return True
        return self._week.end_at(_since_monday(label)) is not None

    def end_at(self, at: datetime) -> datetime | None:
        """Return an instant up to which everything from `at` on is blocked, in UTC.

        None when nothing blocks `at`. Where clocks are set, it may end there though it goes on.
        """
        if self._always:
            return FOREVER
        spanned = self._spans.end_at(at)
        try:
            shown = self._shown_until(self.label(at))
            blocked_until = None if shown is None else self._until(at, shown)
        except OverflowError:  # beyond the year 9999 nothing is due either
            return FOREVER
        return max((end for end in (spanned, blocked_until) if end is not None), default=None)

    def _shown_until(self, label: datetime) -> datetime | None:
        """Return the first label from this one on that is not blocked, if this one is."""
        end = label
        while True:
            if (last := self._days.end_at(end.toordinal())) is not None:
                if last > _LAST_DAY:
                    raise OverflowError
                end = datetime.combine(date.fromordinal(last), time())
            else:
                since = _since_monday(end)
                if (until := self._week.end_at(since)) is None:
                    return None if end == label else end
                end += until - since

    def _until(self, at: datetime, label: datetime) -> datetime:
        """Return the first instant after `at` that shows the label, or at which clocks are set.

        Clocks that are set back show a time before this block only within a day of its beginning,
        and skip its end only within a day of that.
        """
        end = label.replace(tzinfo=self._zone).astimezone(UTC)
        if end <= at:  # the label is shown twice, and `at` lies in between
            end = label.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        for early, late in ((at, min(end, at + DAY)), (max(at, end - DAY), end)):
            if early < late and (change := first_change(self._zone, early, late)) is not None:
                return change
        return end


class _Merged:
    """Disjoint intervals, ascending, each without its end."""

    def __init__(self, intervals: Iterable[tuple[Any, Any]]) -> None:
        merged: list[tuple[Any, Any]] = []
        for start, end in sorted(intervals):
            if end <= start:
                continue
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        self.intervals = merged
        self._starts = [start for start, _ in merged]

    def end_at(self, place: Any) -> Any:
        """Return the end of the interval that covers this place; None when none does."""
        before = bisect_right(self._starts, place) - 1
        if before < 0:
            return None
        end = self.intervals[before][1]
        return end if place < end else None


def _in_week(window: Weekly) -> list[tuple[timedelta, timedelta]]:
    """Return a weekly window as intervals since Monday's midnight."""
    start = window.weekday * DAY + _since_midnight(window.start)
    end = window.weekday * DAY + _since_midnight(window.end)
    if window.overnight:
        end += DAY
    if end <= _WEEK:
        return [(start, end)]
    return [(start, _WEEK), (timedelta(), end - _WEEK)]


def _since_midnight(clock: time) -> timedelta:
    return datetime.combine(date.min, clock) - datetime.combine(date.min, time())


def _since_monday(label: datetime) -> timedelta:
    midnight = datetime.combine(label.date(), time())
    return label.weekday() * DAY + (label - midnight)
