"""Times of a list that are in the past when it is saved: they are due at once."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from punctual.domain.calendars.calendar import readable_calendars
from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import Schedule, Several, moments
from punctual.store.calendars.changes import own_calendars_named
from punctual.store.ledger.calendar_blocks import split_by_calendar
from punctual.store.ledger.entries import LedgerEntry
from punctual.store.lifecycle.insert import NewRun


def past_times(
    task_id: uuid.UUID,
    schedule: Schedule | None,
    *,
    now: datetime,
    old: Schedule | None = None,
    left: datetime | None = None,
) -> list[NewRun]:
    """Return runs for the single times of a list before `now` that have had none.

    A time that `old`, the schedule before, named as well had it, except from `left` on: the due
    time that was to be planned next. A schedule that is one time alone is planned as always.
    """
    if not isinstance(schedule, Several):
        return []
    had = {at for at in moments(old) if left is None or at < left}
    times = sorted(at for at in moments(schedule) - had if at <= now)
    waits = len(times) > 1  # several that are due at once would have each other skipped
    return [NewRun(task_id, scheduled_for=at, due_at=now, waits=waits) for at in times]


def split_blocked(
    connection: Connection,
    runs: list[NewRun],
    *,
    team_id: uuid.UUID,
    names: Sequence[str] | None,
) -> tuple[list[NewRun], list[LedgerEntry]]:
    """Return the runs that the named calendars do not block, and entries for the others."""
    if not runs or not names:
        return runs, []
    calendars = readable_calendars(own_calendars_named(connection, team_id, names), names)
    if isinstance(calendars, Unreadable):
        return runs, []
    times = [run.scheduled_for for run in runs]
    free, blocked = split_by_calendar(runs[0].task_id, times, calendars)
    return [run for run in runs if run.scheduled_for in set(free)], blocked
