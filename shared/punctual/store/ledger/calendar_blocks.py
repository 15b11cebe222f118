"""Ledger entries for due times that a calendar blocks."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from punctual.domain.calendars.calendar import Calendars, blocking_calendar
from punctual.domain.runs.ledger import Reason
from punctual.store.calendars.changes import blocked_by
from punctual.store.ledger.entries import LedgerEntry

MOST_NOTED = 100
"""From this number on, consecutive blocked times of a task share one row."""


def split_by_calendar(
    task_id: uuid.UUID, times: Sequence[datetime], calendars: Calendars
) -> tuple[list[datetime], list[LedgerEntry]]:
    """Return the due times that no calendar blocks, and ledger entries for the others."""
    if not calendars:
        return list(times), []
    free: list[datetime] = []
    entries: list[LedgerEntry] = []
    for name, group in groupby(times, key=lambda at: blocking_calendar(calendars, at)):
        due_times = list(group)
        if name is None:
            free += due_times
            continue
        if len(due_times) <= MOST_NOTED:
            entries += [
                LedgerEntry(task_id, at, Reason.BLOCKED, blocked_by(name)) for at in due_times
            ]
        else:
            entries.append(
                LedgerEntry(
                    task_id,
                    due_times[0],
                    Reason.BLOCKED,
                    blocked_by(name),
                    until=due_times[-1],
                    times=len(due_times),
                )
            )
    return free, entries
