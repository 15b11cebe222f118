"""Run now: create runs that a person requests, of a task or of a final run."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from punctual.domain.commands.http_params import fill_in, is_request
from punctual.domain.runs.params import Values, read_params, values_again, values_for
from punctual.domain.runs.states import FINAL, Trigger
from punctual.store.driver.notify import wake_coordinators
from punctual.store.lifecycle.insert import NewRun, insert_runs
from punctual.store.schema.models import Run, Task
from punctual.store.schema.models.model import new_id

NOW = text("SELECT clock_timestamp()")


def run_now(
    connection: Connection,
    *,
    task: Task,
    trigger: Trigger = Trigger.MANUAL,
    params: Mapping[str, object] | None = None,
    run_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> uuid.UUID:
    """Return a new run of the task, due at once, also when the task is paused; return its id.

    The id is `run_id` where one is given; `by` is the user who asks. Raises InvalidParams when
    the task cannot be run with these values.
    """
    known = read_params(task.params)
    values = values_for(known, params or {})
    _check_request(task, values)
    return _insert(connection, task, trigger, values if known else None, run_id or new_id(), by)


def _check_request(task: Task, values: Values) -> None:
    """Raise InvalidParams for a value that the request of the task cannot take."""
    if values and is_request(task.http):
        fill_in(task.http, values)


def _insert(
    connection: Connection,
    task: Task,
    trigger: Trigger,
    values: Values | None,
    run_id: uuid.UUID,
    by: uuid.UUID | None,
) -> uuid.UUID:
    while True:
        now: datetime = connection.execute(NOW).scalar_one()
        run = NewRun(task.id, now, now, trigger=trigger, params=values, id=run_id, triggered_by=by)
        if inserted := insert_runs(connection, [run]):  # empty: another request in this microsecond
            wake_coordinators(connection)
            return inserted[0]


def retry_run(
    connection: Connection,
    *,
    task: Task,
    run: Run,
    run_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> uuid.UUID | None:
    """Return a new run in place of one that ended; None while that one is not final.

    It runs the task as it is now, so that a corrected command is what is tried again, with the
    values the run had. Its id is `run_id` where one is given. Raises InvalidParams when
    the task needs others by now.
    """
    if run.state not in FINAL:
        return None
    known = read_params(task.params)
    values = values_again(known, run.params or {})
    _check_request(task, values)
    return _insert(
        connection, task, Trigger.RETRY, values if known else None, run_id or new_id(), by
    )
