"""Times of a list that had passed already when it was saved: they are due at once."""

import uuid
from datetime import datetime

from punctual.domain.schedule import Schedule, Several, moments
from punctual.store.insert import NewRun


def passed_times(
    task_id: uuid.UUID,
    schedule: Schedule | None,
    *,
    now: datetime,
    old: Schedule | None = None,
    left: datetime | None = None,
) -> list[NewRun]:
    """Runs for the single times of a list that lie before `now`, unless they had their turn.

    A time that `old`, the schedule before, named as well had it, except from `left` on: the due
    time that was to be planned next. A schedule that is one time alone is planned as always.
    """
    if not isinstance(schedule, Several):
        return []
    had = {at for at in moments(old) if left is None or at < left}
    passed = sorted(at for at in moments(schedule) - had if at <= now)
    waits = len(passed) > 1  # several that are due at once would have each other skipped
    return [NewRun(task_id, scheduled_for=at, due_at=now, waits=waits) for at in passed]
