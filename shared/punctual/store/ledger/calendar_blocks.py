"""Held: due times that a calendar lets pass, as the ledger notes them."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from punctual.domain.calendars.calendar import Calendars, held_by
from punctual.domain.runs.ledger import Reason
from punctual.store.calendars.changes import blocked_by
from punctual.store.ledger.entries import LedgerEntry

MOST_NOTED = 100
"""More held times of a task in a row, in one pass, are noted in one row that stands for them."""


def part_times(
    task_id: uuid.UUID, times: Sequence[datetime], calendars: Calendars
) -> tuple[list[datetime], list[LedgerEntry]]:
    """Return those of a task's due times, ascending, that its calendars let be, and the others.

    The others are entries of the ledger.
    """
    if not calendars:
        return list(times), []
    free: list[datetime] = []
    entries: list[LedgerEntry] = []
    for name, group in groupby(times, key=lambda at: held_by(calendars, at)):
        held = list(group)
        if name is None:
            free += held
            continue
        if len(held) <= MOST_NOTED:
            entries += [LedgerEntry(task_id, at, Reason.HELD, blocked_by(name)) for at in held]
        else:
            entries.append(
                LedgerEntry(
                    task_id,
                    held[0],
                    Reason.HELD,
                    blocked_by(name),
                    until=held[-1],
                    times=len(held),
                )
            )
    return free, entries
