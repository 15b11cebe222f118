"""Give back: a run whose command was never launched waits again and has spent nothing."""

import json
import uuid

import pytest
from sqlalchemy import Engine, text

from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.give_back import give_back
from punctual.store.lifecycle.start import note_started
from tests.support.rows import attempts_of, new_run, new_task, run_row
from tests.support.steps import (
    change_run,
    claim_run,
    finish_run,
    new_worker,
    queue_run,
    start_claims,
    start_run,
)

DUE_NOW = text("UPDATE runs SET due_at = clock_timestamp() WHERE id = :id")


def given(engine: Engine, worker: uuid.UUID, *pairs: tuple[uuid.UUID, int]) -> list[uuid.UUID]:
    with engine.begin() as connection:
        return give_back(connection, worker_id=worker, unlaunched=pairs)


def test_a_start_that_launched_nothing_spends_no_attempt(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=0))
    started = start_run(engine, run, worker)
    before = run_row(engine, run)
    assert given(engine, worker, (run, started.fence)) == [run]
    row = run_row(engine, run)
    assert (row.state, row.attempt, row.due_at) == ("scheduled", 0, before.due_at)
    assert (row.fence, row.worker_id, row.worker) == (started.fence + 1, None, None)
    assert attempts_of(engine, run) == []
    again = start_run(engine, run, worker)
    assert again.attempt == 1
    [settled] = finish_run(engine, again, worker, "succeeded")
    assert settled.state == "succeeded"


def test_a_claim_is_given_back_as_well(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    claimed = claim_run(engine, run, worker)
    assert given(engine, worker, (run, claimed.fence)) == [run]
    row = run_row(engine, run)
    assert (row.state, row.attempt, row.fence) == ("scheduled", 0, claimed.fence + 1)


@pytest.mark.parametrize("started_again", [False, True])
def test_a_retry_that_launched_nothing_keeps_the_attempts_before_it(
    engine: Engine, started_again: bool
) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=1))
    finish_run(engine, start_run(engine, run, worker), worker, "failed")
    with engine.begin() as connection:
        connection.execute(DUE_NOW, {"id": run})
    claimed = claim_run(engine, run, worker)
    if started_again:
        start_claims(engine, worker, (run, claimed.fence))
    assert given(engine, worker, (run, claimed.fence)) == [run]
    assert (run_row(engine, run).state, run_row(engine, run).attempt) == ("scheduled", 1)
    assert [attempt.attempt for attempt in attempts_of(engine, run)] == [1]


def test_nothing_that_started_or_is_another_s_is_given_back(engine: Engine) -> None:
    worker, other = new_worker(engine), new_worker(engine, name="worker-2")
    run = new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    assert given(engine, other, (run, started.fence)) == []
    assert given(engine, worker, (run, started.fence - 1), (run, started.fence + 1)) == []
    begun = [{"id": str(run), "fence": started.fence, "started_at": str(started.due_at)}]
    with engine.begin() as connection:
        note_started(connection, worker_id=worker, begun=json.dumps(begun))
    assert run_row(engine, run).started_at
    assert given(engine, worker, (run, started.fence)) == []
    assert run_row(engine, run).state == "running"


def test_what_was_given_back_takes_neither_a_late_report_nor_a_repeated_start(
    engine: Engine,
) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    given(engine, worker, (run, started.fence))
    assert finish_run(engine, started, worker, "succeeded") == []
    assert start_claims(engine, worker, (run, started.fence)) == []
    assert (run_row(engine, run).state, attempts_of(engine, run)) == ("scheduled", [])


def test_one_that_was_to_be_cancelled_is_and_has_not_run(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    with engine.begin() as connection:
        team = run_row(engine, run).team_id
        assert cancel_run(connection, run_id=run, team_id=team) == "requested"
    assert given(engine, worker, (run, started.fence)) == [run]
    row = run_row(engine, run)
    assert (row.state, row.attempt, row.reason) == ("cancelled", 0, "cancelled before its start")
    assert (row.finished_at is not None, row.reason_code) == (True, "cancelled")


def test_a_replaced_one_keeps_its_reason(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    newer = uuid.uuid4()
    args = f'{{"run_id": "{newer}"}}'
    why = {"reason_code": "replaced", "reason_args": args}
    change_run(engine, run, **why, cancel_requested_at=started.due_at)
    given(engine, worker, (run, started.fence))
    assert run_row(engine, run).reason == f"replaced by run {newer}"


def test_a_message_from_before_finds_nothing(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    given(engine, worker, (run, started.fence))
    assert queue_run(engine, run) == started.fence + 1
