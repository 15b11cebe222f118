"""Preview what a schedule will do, before it is saved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from punctual.domain.calendars.calendar import Calendars, SearchLimit, unblocked
from punctual.domain.schedules.advice import schedule_warnings
from punctual.domain.schedules.describe import describe
from punctual.domain.schedules.syntax import Schedule, moments, next_due

MOST_STEPS = 2000
"""The most steps over blocked times; past it the answer says that the search stopped."""

STOPPED = (
    f"The search for due times stopped after {MOST_STEPS:,} steps over blocked times: there may be"
    " more."
)
ALL_BLOCKED = "Calendars block every due time that is left."
PAST = "One of its times is in the past: a task saved with it runs at once."

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """A schedule in a sentence, its next due times (UTC, ascending), and its surprises."""

    description: str
    next: tuple[datetime, ...]
    warnings: tuple[str, ...]


def preview(
    schedule: Schedule | None,
    *,
    start: datetime,
    count: int,
    timeout: float | None = None,
    new: bool = True,
    calendars: Calendars = (),
) -> Preview:
    """Return the first `count` due times from `start` on, that instant included, and what to know.

    `timeout` is in seconds, None when not chosen; `new` means that no task has this
    schedule yet. Due times that `calendars` block are left out, in at most MOST_STEPS. `start` lies
    before the year 9000.
    """
    if schedule is None:
        return Preview(describe(None), (), ())
    search_limit = SearchLimit(MOST_STEPS)
    free = unblocked(schedule, calendars, after=start - _INSTANT, search_limit=search_limit)
    coming = tuple(islice(free, count))
    warnings = schedule_warnings(schedule, now=start, timeout=timeout)
    if new and any(at < start for at in moments(schedule)):
        warnings.append(PAST)
    if search_limit.reached and len(coming) < count:
        warnings.append(STOPPED)
    elif not coming and calendars and next_due(schedule, after=start - _INSTANT) is not None:
        warnings.append(ALL_BLOCKED)
    return Preview(describe(schedule), coming, tuple(warnings))
