"""Finish: how an attempt ended decides its run once, and a report too late changes nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.finish import finish
from punctual.store.lifecycle.reap import reap_running
from punctual.store.processes.workers import leave
from tests.support.rows import attempts_of, database_now, new_run, new_task, new_team, run_row
from tests.support.steps import (
    EXIT_CODE_1,
    change_run,
    claim_run,
    finish_run,
    new_worker,
    report_of,
    start_run,
)

ENDS = ["succeeded", "failed", "timed_out", "cancelled", "lost"]


def output_of(engine: Engine, run_id: object) -> list[bytes]:
    """What the attempts of a run wrote, in order."""
    statement = text("SELECT data FROM outputs WHERE run_id = :id ORDER BY attempt")
    with engine.connect() as connection:
        return [bytes(row.data) for row in connection.execute(statement, {"id": run_id})]


@pytest.mark.parametrize("outcome", ENDS)
def test_with_no_attempts_left_the_outcome_is_final(engine: Engine, outcome: str) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=0))
    started = start_run(engine, run, worker)
    [settled] = finish_run(engine, started, worker, outcome, reason=EXIT_CODE_1)
    assert (settled.run_id, settled.state, settled.retry_at) == (run, outcome, None)
    row = run_row(engine, run)
    reason = {"cancelled": "cancelled while it ran; exit code 1"}.get(outcome, "exit code 1")
    assert (row.state, row.fence, row.reason) == (outcome, started.fence, reason)
    assert row.finished_at is not None
    [attempt] = attempts_of(engine, run)
    assert (attempt.attempt, attempt.state, attempt.late) == (1, outcome, False)


@pytest.mark.parametrize("outcome", ["failed", "timed_out", "lost"])
def test_with_attempts_left_it_is_scheduled_again_under_a_new_fence(
    engine: Engine, outcome: str
) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=1))
    started = start_run(engine, run, worker)
    [settled] = finish_run(engine, started, worker, outcome)
    row = run_row(engine, run)
    assert (row.state, row.fence, row.worker_id) == ("scheduled", started.fence + 1, None)
    assert row.due_at == settled.retry_at
    assert row.due_at > database_now(engine)
    assert [attempt.state for attempt in attempts_of(engine, run)] == [outcome]


@pytest.mark.parametrize("outcome", ["succeeded", "cancelled"])
def test_a_success_and_a_cancel_are_never_tried_again(engine: Engine, outcome: str) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=5))
    finish_run(engine, start_run(engine, run, worker), worker, outcome)
    assert run_row(engine, run).state == outcome


def test_attempts_are_used_up_one_by_one(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, max_retries=2, retry_delay=0))
    for number in (1, 2, 3):
        started = start_run(engine, run, worker)
        assert started.attempt == number
        finish_run(engine, started, worker, "failed")
    row = run_row(engine, run)
    assert (row.state, row.attempt) == ("failed", 3)
    assert [each.attempt for each in attempts_of(engine, run)] == [1, 2, 3]


def test_the_wait_doubles_up_to_its_ceiling_give_or_take_a_fifth(engine: Engine) -> None:
    worker = new_worker(engine)
    patient = new_task(engine, max_retries=9, retry_delay=10, retry_delay_max=100)
    run = new_run(engine, patient)
    for wait in (10, 20, 40, 80, 100, 100):
        change_run(engine, run, due_at=database_now(engine))
        started = start_run(engine, run, worker)
        before = database_now(engine)
        [settled] = finish_run(engine, started, worker, "failed")
        after = database_now(engine)
        assert settled.retry_at is not None
        assert before + timedelta(seconds=0.8 * wait) <= settled.retry_at
        assert settled.retry_at <= after + timedelta(seconds=1.2 * wait)


def test_runs_that_failed_together_do_not_all_come_back_together(engine: Engine) -> None:
    worker = new_worker(engine)
    task = new_task(engine, max_retries=1, retry_delay=1000, overlap="allow")
    started = [start_run(engine, new_run(engine, task), worker) for _ in range(5)]
    reports = [report_of(engine, each, "failed") for each in started]
    with engine.begin() as connection:
        settled = finish(connection, worker_id=worker, reports=reports)
    waits = sorted(run.retry_at for run in settled if run.retry_at)
    assert len(waits) == 5
    assert waits[-1] - waits[0] > timedelta(seconds=1)


def test_success_beats_a_cancel_that_came_too_late(engine: Engine) -> None:
    worker, team = new_worker(engine), new_team(engine)
    run = new_run(engine, new_task(engine, team_id=team))
    started = start_run(engine, run, worker)
    with engine.begin() as connection:
        assert cancel_run(connection, run_id=run, team_id=team) == "requested"
    finish_run(engine, started, worker, "succeeded")
    assert run_row(engine, run).state == "succeeded"


@pytest.mark.parametrize("outcome", ["failed", "timed_out", "cancelled", "lost"])
def test_cancel_beats_retry(engine: Engine, outcome: str) -> None:
    worker, team = new_worker(engine), new_team(engine)
    run = new_run(engine, new_task(engine, team_id=team, max_retries=5))
    started = start_run(engine, run, worker)
    with engine.begin() as connection:
        cancel_run(connection, run_id=run, team_id=team)
    finish_run(engine, started, worker, outcome)
    assert run_row(engine, run).state == "cancelled"


def test_a_report_after_the_run_was_reaped_is_kept_as_late_and_changes_nothing(
    engine: Engine,
) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=1))
    started = start_run(engine, run, worker)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
        assert [settled.state for settled in reap_running(connection, batch_size=10)] == [
            "scheduled"
        ]
    reaped = run_row(engine, run)
    fields = {"output": b"hello", "segments": (5,), "output_bytes": 5, "left_behind": 1}
    assert finish_run(engine, started, worker, "succeeded", **fields) == []
    assert run_row(engine, run) == reaped
    [attempt] = attempts_of(engine, run)
    assert (attempt.state, attempt.late, attempt.exit_code) == ("lost", True, 0)
    assert attempt.left_behind == 1
    assert output_of(engine, run) == [b"hello"]


def test_what_an_attempt_left_behind_stays_with_it_and_not_with_the_next(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=1))
    finish_run(engine, start_run(engine, run, worker), worker, "failed", left_behind=3)
    assert run_row(engine, run).left_behind == 3
    start_run(engine, run, worker)
    assert run_row(engine, run).left_behind == 0
    assert [attempt.left_behind for attempt in attempts_of(engine, run)] == [3]


@pytest.mark.parametrize("final", [True, False])
def test_a_report_that_is_repeated_counts_once(engine: Engine, final: bool) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, max_retries=0 if final else 1))
    started = start_run(engine, run, worker)
    finish_run(engine, started, worker, "failed", output=b"x", segments=(1,))
    once = run_row(engine, run)
    assert finish_run(engine, started, worker, "failed", output=b"x", segments=(1,)) == []
    assert run_row(engine, run) == once
    [attempt] = attempts_of(engine, run)
    assert not attempt.late
    assert output_of(engine, run) == [b"x"]


def test_only_the_holder_can_report(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    assert finish_run(engine, started, new_worker(engine), "succeeded") == []
    stale = started._replace(fence=started.fence - 1)
    assert finish_run(engine, stale, worker, "succeeded") == []
    assert run_row(engine, run).state == "running"
    assert attempts_of(engine, run) == []


def test_what_has_not_started_cannot_finish(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    started = start_run(engine, new_run(engine, task), worker)
    waiting = new_run(engine, task)
    claimed = claim_run(engine, waiting, worker)
    never = started._replace(run_id=waiting, fence=claimed.fence)
    assert finish_run(engine, never, worker, "succeeded") == []
    assert run_row(engine, waiting).state == "claimed"


def test_any_bytes_can_be_output_the_null_byte_included(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    every_byte = bytes(range(256))
    started = start_run(engine, run, worker)
    fields = {"output": every_byte, "segments": (100, -156), "head_bytes": 256}
    finish_run(engine, started, worker, "succeeded", **fields)
    assert run_row(engine, run).state == "succeeded"
    assert output_of(engine, run) == [every_byte]


def test_a_batch_of_reports_settles_each_by_itself(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    outcomes = dict.fromkeys(("succeeded", "failed", "timed_out"))
    started = {outcome: start_run(engine, new_run(engine, task), worker) for outcome in outcomes}
    reports = [report_of(engine, run, outcome) for outcome, run in started.items()]
    stray = report_of(engine, started["failed"]._replace(fence=0), "succeeded")
    with engine.begin() as connection:
        assert len(finish(connection, worker_id=worker, reports=[*reports, stray])) == 3
    for outcome, run in started.items():
        assert run_row(engine, run.run_id).state == outcome


def test_lateness_is_the_real_start_against_the_attempts_due_time(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    at = started.due_at + timedelta(milliseconds=40)
    [settled] = finish_run(engine, started, worker, "succeeded", started_at=at)
    assert settled.lateness_ms == run_row(engine, run).lateness_ms == 40
