"""Pauses: record the due times of a pause in the ledger when it ends; they are not run."""

from datetime import datetime
from itertools import islice, takewhile

from sqlalchemy import Connection, text

from punctual.domain.errors import Unreadable
from punctual.domain.runs.ledger import Reason
from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.schedules.syntax import due_times, last_due, only_time, read_schedule
from punctual.store.ledger.entries import LedgerEntry, note
from punctual.store.schema.models import Task

MOST_COUNTED = 1000
"""Due times of a pause are counted up to here; beyond it the row says so."""

# Runs that had been planned when the pause began have their rows already.
NOTED_UP_TO = text("""
SELECT max(scheduled_for) FROM ledger
WHERE task_id = :task_id AND reason = 'paused' AND scheduled_for >= :since
""")


def note_pause(connection: Connection, task: Task, *, end: datetime) -> None:
    """Write one row for the due times from the pause's start to `end`, by the present schedule.

    Call it before the task runs on; a task that was not paused, or not due, gets no row.
    """
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    if isinstance(schedule, Unreadable):  # it says so as its plan_error once it runs on
        return
    if task.paused_at is None or schedule is None:
        return
    params = {"task_id": task.id, "since": task.paused_at}
    noted: datetime | None = connection.execute(NOTED_UP_TO, params).scalar_one()
    after = max(noted or task.paused_at, task.schedule_anchor)
    coming = takewhile(lambda due: due <= end, due_times(schedule, after=after))
    left_out = list(islice(coming, MOST_COUNTED))
    if not left_out:
        return
    last, uncounted = left_out[-1], False
    if len(left_out) == MOST_COUNTED:
        last = last_due(schedule, at=end) or last
        uncounted = last > left_out[-1]
    entry = LedgerEntry(
        task.id,
        left_out[0],
        Reason.PAUSED,
        coded(ReasonCode.TASK_PAUSED, uncounted=uncounted or None),
        until=last if len(left_out) > 1 else None,
        times=len(left_out),
    )
    note(connection, [entry])


def was_due_once(task: Task, *, end: datetime) -> bool:
    """Return whether the one time of the task's schedule lies in its pause, which is over at `end`.

    A time that had passed when it was saved does not: it is due as soon as the task runs on.
    """
    schedule = read_schedule(task.schedule, anchor=task.schedule_anchor)
    once = None if isinstance(schedule, Unreadable) else only_time(schedule)
    if once is None or task.paused_at is None:
        return False
    return max(task.paused_at, task.schedule_anchor) < once <= end
