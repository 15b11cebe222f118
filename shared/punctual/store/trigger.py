"""Runs that a person asks for: a task now, or a final run once more."""

import uuid
from datetime import datetime

from sqlalchemy import Connection, text

from punctual.domain.run import FINAL, Trigger
from punctual.store.insert import NewRun, insert_runs
from punctual.store.models import Task
from punctual.store.wake import wake_coordinators

NOW = text("SELECT clock_timestamp()")


def run_now(connection: Connection, *, task: Task, trigger: Trigger = Trigger.MANUAL) -> uuid.UUID:
    """A new run of the task, due at once, also when the task is paused; answers its id."""
    while True:
        now: datetime = connection.execute(NOW).scalar_one()
        run = NewRun(task.id, scheduled_for=now, due_at=now, trigger=trigger)
        if inserted := insert_runs(connection, [run]):  # empty: somebody asked in this microsecond
            wake_coordinators(connection)
            return inserted[0]


def retry_run(connection: Connection, *, task: Task, state: str) -> uuid.UUID | None:
    """A new run in place of one that ended in `state`; None while that one is not final.

    It runs the task as it is now, so that a mended command is what is tried again.
    """
    if state not in FINAL:
        return None
    return run_now(connection, task=task, trigger=Trigger.RETRY)
