"""Times of a list that had passed already when it was saved: they are due at once."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from punctual.domain.calendars.calendar import readable_calendars
from punctual.domain.errors import Unreadable
from punctual.domain.schedules.syntax import Schedule, Several, moments
from punctual.store.calendars.changes import own_calendars_named
from punctual.store.ledger.calendar_blocks import part_times
from punctual.store.ledger.entries import LedgerEntry
from punctual.store.lifecycle.insert import NewRun


def passed_times(
    task_id: uuid.UUID,
    schedule: Schedule | None,
    *,
    now: datetime,
    old: Schedule | None = None,
    left: datetime | None = None,
) -> list[NewRun]:
    """Run for the single times of a list that lie before `now`, unless they had their turn.

    A time that `old`, the schedule before, named as well had it, except from `left` on: the due
    time that was to be planned next. A schedule that is one time alone is planned as always.
    """
    if not isinstance(schedule, Several):
        return []
    had = {at for at in moments(old) if left is None or at < left}
    passed = sorted(at for at in moments(schedule) - had if at <= now)
    waits = len(passed) > 1  # several that are due at once would have each other skipped
    return [NewRun(task_id, scheduled_for=at, due_at=now, waits=waits) for at in passed]


def part_held(
    connection: Connection,
    passed: list[NewRun],
    *,
    team_id: uuid.UUID,
    names: Sequence[str] | None,
) -> tuple[list[NewRun], list[LedgerEntry]]:
    """Those of a task's runs that the named calendars let be, and notes of the held ones."""
    if not passed or not names:
        return passed, []
    calendars = readable_calendars(own_calendars_named(connection, team_id, names), names)
    if isinstance(calendars, Unreadable):
        return passed, []
    times = [run.scheduled_for for run in passed]
    free, held = part_times(passed[0].task_id, times, calendars)
    return [run for run in passed if run.scheduled_for in set(free)], held
