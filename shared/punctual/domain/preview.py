"""What a schedule will do, told before it is saved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from punctual.domain.advice import schedule_warnings
from punctual.domain.calendar import Calendars, unheld
from punctual.domain.describe import describe
from punctual.domain.schedule import Schedule, moments

PAST = "A time of it has passed: a task saved with it runs at once."


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
    """The first `count` due times from `start` on, that instant included, and what to know.

    `timeout` is in seconds, None when nobody chose one; `new` means that no task has this
    schedule yet. What `calendars` hold is left out. `start` lies before the year 9000.
    """
    if schedule is None:
        return Preview(describe(None), (), ())
    coming = unheld(schedule, calendars, after=start - timedelta(microseconds=1))
    warnings = schedule_warnings(schedule, now=start, timeout=timeout)
    if new and any(at < start for at in moments(schedule)):
        warnings.append(PAST)
    return Preview(describe(schedule), tuple(islice(coming, count)), tuple(warnings))
