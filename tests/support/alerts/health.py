"""Health of tasks and their events, as tests look at them."""

import uuid
from typing import Any

from sqlalchemy import Engine, Row, text

from punctual.domain.runs.states import RunState
from tests.support.rows import new_run
from tests.support.steps import finish_run, new_worker, start_run


def health_of(engine: Engine, task_id: uuid.UUID) -> Row[Any] | None:
    """The row of health of a task, if it has one."""
    statement = text("SELECT * FROM task_health WHERE task_id = :id")
    with engine.connect() as connection:
        return connection.execute(statement, {"id": task_id}).one_or_none()


def health_word(engine: Engine, task_id: uuid.UUID) -> str:
    """The health of a task."""
    row = health_of(engine, task_id)
    assert row is not None
    return str(row.health)


def events_of(engine: Engine, task_id: uuid.UUID) -> list[Row[Any]]:
    """The events of a task, oldest first."""
    statement = text("SELECT * FROM alert_events WHERE task_id = :id ORDER BY id")
    with engine.connect() as connection:
        return list(connection.execute(statement, {"id": task_id}))


def kinds_of(engine: Engine, task_id: uuid.UUID) -> list[str]:
    """The kinds of the events of a task, oldest first."""
    return [event.kind for event in events_of(engine, task_id)]


def end_run(engine: Engine, task_id: uuid.UUID, outcome: str = RunState.SUCCEEDED) -> uuid.UUID:
    """Lead a new run of a task through all steps to this end; return the run."""
    worker_id = new_worker(engine)
    run_id = new_run(engine, task_id)
    finish_run(engine, start_run(engine, run_id, worker_id), worker_id, outcome)
    return run_id
