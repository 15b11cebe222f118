"""A task is late while a run of it is overdue, and both ends of that are events."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.health import LATE_AFTER, Health
from punctual.domain.runs.states import Trigger
from punctual.store.health.late import Lateness, note_late
from tests.support.alerts.health import end_run, events_of, health_of, health_word, kinds_of
from tests.support.rows import new_run, new_task, run_row
from tests.support.steps import (
    claim_run,
    finish_run,
    new_worker,
    queue_run,
    start_claims,
    start_run,
)

OVERDUE = -LATE_AFTER.total_seconds() - 10
NOT_YET = -LATE_AFTER.total_seconds() + 60


def look(engine: Engine) -> Lateness:
    with engine.begin() as connection:
        return note_late(connection, after=LATE_AFTER, batch_size=100)


def bring_to(engine: Engine, run_id: uuid.UUID, state: str) -> None:
    if state == "queued":
        queue_run(engine, run_id)
    if state == "claimed":
        claim_run(engine, run_id, new_worker(engine))


@pytest.mark.parametrize("state", ["scheduled", "queued", "claimed"])
def test_a_task_is_late_while_a_run_has_not_started_wherever_it_waits(
    engine: Engine, state: str
) -> None:
    task = new_task(engine)
    run = new_run(engine, task, due_in=OVERDUE)
    bring_to(engine, run, state)
    assert look(engine) == Lateness(1, 0)
    assert look(engine) == Lateness(0, 0)
    row = health_of(engine, task)
    assert row is not None
    assert (row.health, row.late_since) == (Health.LATE, run_row(engine, run).due_at)
    [event] = events_of(engine, task)
    assert (event.kind, event.run_id) == ("late", run)


def test_a_run_that_is_due_for_less_is_not_late(engine: Engine) -> None:
    task = new_task(engine)
    new_run(engine, task, due_in=NOT_YET)
    assert look(engine) == Lateness(0, 0)
    assert health_word(engine, task) == Health.UNKNOWN


def test_a_late_task_that_has_started_has_recovered(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    run = new_run(engine, task, due_in=OVERDUE)
    fence = claim_run(engine, run, worker).fence
    look(engine)
    [started] = start_claims(engine, worker, (run, fence))
    assert look(engine) == Lateness(0, 1)
    assert health_word(engine, task) == Health.UNKNOWN
    finish_run(engine, started, worker, "succeeded")
    assert health_word(engine, task) == Health.OK
    late, recovered = events_of(engine, task)
    assert (late.kind, recovered.kind, recovered.run_id) == ("late", "recovered", run)
    assert recovered.details["was"] == "late"
    assert recovered.details["since"] == late.details["since"]


def test_a_run_that_waits_for_another_of_its_task_is_not_late(engine: Engine) -> None:
    task, worker = new_task(engine, overlap="queue"), new_worker(engine)
    start_run(engine, new_run(engine, task, trigger=Trigger.MANUAL), worker)
    new_run(engine, task, due_in=OVERDUE)
    assert look(engine) == Lateness(0, 0)


def test_a_task_that_is_failing_already_is_late_without_an_event(engine: Engine) -> None:
    task = new_task(engine)
    end_run(engine, task, "failed")
    new_run(engine, task, due_in=OVERDUE)
    assert look(engine) == Lateness(1, 0)
    assert health_word(engine, task) == Health.FAILING
    assert kinds_of(engine, task) == ["failed"]


def test_rows_that_another_coordinator_has_locked_are_left_to_it(engine: Engine) -> None:
    new_run(engine, new_task(engine), due_in=OVERDUE)
    with engine.connect() as other, other.begin():
        other.execute(text("SELECT FROM task_health FOR UPDATE"))
        assert look(engine) == Lateness(0, 0)
    assert look(engine) == Lateness(1, 0)


def test_only_as_many_queued_runs_are_read_as_the_batch_has(engine: Engine) -> None:
    for _ in range(3):
        new_run(engine, new_task(engine), due_in=OVERDUE)
    with engine.begin() as connection:
        assert note_late(connection, after=timedelta(0), batch_size=2).begun == 2
