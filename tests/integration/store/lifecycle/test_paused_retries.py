"""A pause stops retries too, but not those of a run that a person asked for."""

import uuid

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.runs.states import Trigger
from punctual.store.lifecycle.give_back import give_back
from punctual.store.lifecycle.paused_retries import withdraw_paused_retries
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import set_enabled
from tests.support.rows import (
    attempts_of,
    database_now,
    dispatch_all,
    new_run,
    new_task,
    run_row,
)
from tests.support.steps import (
    EXIT_CODE_1,
    change_run,
    claim_run,
    finish_run,
    new_worker,
    queue_run,
    start_claims,
    start_run,
)

DUE_NOW = text("UPDATE runs SET due_at = clock_timestamp() WHERE id = :id")
RESULT = (
    "worker_id",
    "started_at",
    "finished_at",
    "lateness_ms",
    "output_truncated",
    "left_behind",
)
WITHDRAWN = "exit code 1; not retried: its task was paused"


def enable(engine: Engine, task_id: uuid.UUID, *, enabled: bool) -> None:
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id, with_for_update=True)
        set_enabled(session, task, enabled=enabled, now=database_now(engine))


def swept(engine: Engine) -> list[uuid.UUID]:
    with engine.begin() as connection:
        return [run.run_id for run in withdraw_paused_retries(connection, batch_size=10)]


def fail_once(
    engine: Engine, task: uuid.UUID, worker: uuid.UUID, *, trigger: Trigger = Trigger.SCHEDULE
) -> uuid.UUID:
    """A run whose first attempt has failed, and whose retry is due now."""
    run = new_run(engine, task, trigger=trigger)
    finish_run(engine, start_run(engine, run, worker), worker, "failed", reason=EXIT_CODE_1)
    with engine.begin() as connection:
        connection.execute(DUE_NOW, {"id": run})
    return run


@pytest.mark.parametrize("state", ["scheduled", "queued", "claimed"])
def test_a_pause_withdraws_what_waits_for_its_retry(engine: Engine, state: str) -> None:
    worker, task = new_worker(engine), new_task(engine, max_retries=3)
    run = fail_once(engine, task, worker)
    fence = run_row(engine, run).fence
    if state == "queued":
        queue_run(engine, run)
    if state == "claimed":
        fence = claim_run(engine, run, worker).fence
    enable(engine, task, enabled=False)
    row = run_row(engine, run)
    assert (row.state, row.reason, row.reason_code) == ("failed", WITHDRAWN, "paused")
    assert start_claims(engine, worker, (run, fence)) == []
    [attempt] = attempts_of(engine, run)
    assert (attempt.state, attempt.finished_at) == ("failed", row.finished_at)


def test_what_fails_during_a_pause_is_not_retried(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, max_retries=3)
    run = new_run(engine, task)
    started = start_run(engine, run, worker)
    enable(engine, task, enabled=False)
    assert run_row(engine, run).state == "running"
    finish_run(engine, started, worker, "failed", reason=EXIT_CODE_1)
    with engine.begin() as connection:
        connection.execute(DUE_NOW, {"id": run})
    assert dispatch_all(engine) == []
    assert swept(engine) == [run]
    row = run_row(engine, run)
    assert (row.state, row.reason, row.reason_code) == ("failed", WITHDRAWN, "paused")
    assert swept(engine) == []


@pytest.mark.parametrize("swept_later", [False, True])
@pytest.mark.parametrize("outcome", ["failed", "timed_out", "lost"])
def test_a_run_that_a_pause_does_not_retry_ends_as_its_last_attempt(
    engine: Engine, outcome: str, swept_later: bool
) -> None:
    worker, task = new_worker(engine), new_task(engine, max_retries=3)
    run = new_run(engine, task)
    finish_run(engine, start_run(engine, run, worker), worker, "failed", reason=EXIT_CODE_1)
    change_run(engine, run, due_at=database_now(engine))
    started = start_run(engine, run, worker)
    if swept_later:
        enable(engine, task, enabled=False)
    finish_run(engine, started, worker, outcome, reason=EXIT_CODE_1)
    if swept_later:
        assert swept(engine) == [run]
    else:
        enable(engine, task, enabled=False)
    row = run_row(engine, run)
    assert (row.state, row.reason, row.reason_code) == (outcome, WITHDRAWN, "paused")
    assert [attempt.state for attempt in attempts_of(engine, run)] == ["failed", outcome]


@pytest.mark.parametrize("swept_later", [False, True])
def test_a_start_that_was_given_back_hides_no_result_of_the_attempt_before(
    engine: Engine, swept_later: bool
) -> None:
    first, second = (new_worker(engine, name=name) for name in ("first", "second"))
    task = new_task(engine, max_retries=3)
    run = new_run(engine, task)
    finish_run(
        engine,
        start_run(engine, run, first),
        first,
        "failed",
        reason=EXIT_CODE_1,
        output=b"out",
        output_bytes=3,
    )
    change_run(engine, run, due_at=database_now(engine))
    started = start_run(engine, run, second)
    if swept_later:
        enable(engine, task, enabled=False)
    with engine.begin() as connection:
        unlaunched = [(run, started.fence)]
        assert give_back(connection, worker_id=second, unlaunched=unlaunched) == [run]
    if swept_later:
        assert swept(engine) == [run]
    else:
        enable(engine, task, enabled=False)
    row, [attempt] = run_row(engine, run), attempts_of(engine, run)
    assert (row.state, row.reason, row.reason_code) == ("failed", WITHDRAWN, "paused")
    assert (row.exit_code, row.output_bytes, row.worker, row.attempt) == (1, 3, "first", 1)
    for column in RESULT:
        assert getattr(row, column) == getattr(attempt, column), column


def test_a_withdrawn_retry_does_not_name_the_worker_that_only_claimed_it(engine: Engine) -> None:
    first, second = (new_worker(engine, name=name) for name in ("first", "second"))
    task = new_task(engine, max_retries=3)
    run = fail_once(engine, task, first)
    claim_run(engine, run, second)
    enable(engine, task, enabled=False)
    row = run_row(engine, run)
    assert (row.state, row.worker, row.worker_id) == ("failed", "first", first)


@pytest.mark.parametrize("trigger", [Trigger.MANUAL, Trigger.RETRY, Trigger.BACKFILL])
def test_what_a_person_asked_for_is_retried_during_a_pause(
    engine: Engine, trigger: Trigger
) -> None:
    worker, task = new_worker(engine), new_task(engine, max_retries=3)
    before = fail_once(engine, task, worker, trigger=trigger)
    enable(engine, task, enabled=False)
    assert (swept(engine), run_row(engine, before).state) == ([], "scheduled")
    assert [queued.run_id for queued in dispatch_all(engine)] == [before]


def test_after_a_pause_retries_are_made_again(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, max_retries=3)
    enable(engine, task, enabled=False)
    enable(engine, task, enabled=True)
    run = fail_once(engine, task, worker)
    assert swept(engine) == []
    assert [queued.run_id for queued in dispatch_all(engine)] == [run]
