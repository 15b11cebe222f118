"""Due times that move because the rules of their time zone have changed."""

from datetime import datetime, timedelta

from punctual.domain.schedules.cron import Cron
from punctual.domain.schedules.due import Schedule, Several, Within, is_due, last_due, next_due

FARTHEST = timedelta(hours=3)
"""A due time that came earlier by more than this is not the same one."""


def zones_of(schedule: Schedule | None) -> frozenset[str]:
    """Return the zones whose clocks decide when the schedule is due; UTC never changes."""
    match schedule:
        case Cron(_, timezone):
            return frozenset({timezone} - {"UTC"})
        case Within(bounded, _, _):
            return zones_of(bounded)
        case Several(schedules):
            return frozenset().union(*map(zones_of, schedules))
    return frozenset()


def moved_due(
    schedule: Schedule, at: datetime, *, since: datetime | None = None
) -> datetime | None:
    """Return where a due time has moved to, which was worked out by other rules of a time zone.

    It stays while it is due by the rules of now. Otherwise it is the due time nearest to it: a
    later one, or one that comes up to three hours earlier and after `since`, up to where due times
    had their runs. So it is neither run twice nor left out.
    """
    if is_due(schedule, at):
        return at
    later = next_due(schedule, after=at)
    earlier = last_due(schedule, at=at)
    if earlier is None or at - earlier > FARTHEST or (since is not None and earlier <= since):
        return later
    if later is not None and later - at < at - earlier:
        return later
    return earlier
