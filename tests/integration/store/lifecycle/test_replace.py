"""Overlap replace: a new due run has the earlier one end, and starts when that is over."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from punctual.domain.runs.states import Trigger
from punctual.store.lifecycle.replace import Replaced, replace_earlier
from tests.support.rows import database_now, new_run, new_task, run_row
from tests.support.steps import (
    change_run,
    claim_run,
    finish_run,
    new_worker,
    start_claims,
    start_run,
)


def replaced(
    engine: Engine, worker_id: uuid.UUID, *claims: tuple[uuid.UUID, int]
) -> list[Replaced]:
    """What has to make way for the claimed runs."""
    with engine.begin() as connection:
        return replace_earlier(connection, worker_id=worker_id, claims=claims)


def test_the_running_one_is_cancelled_by_name_and_the_new_one_starts_after_it(
    engine: Engine,
) -> None:
    one, two = new_worker(engine), new_worker(engine)
    task = new_task(engine, overlap="replace", max_retries=3)
    first = new_run(engine, task, due_in=-5)
    started = start_run(engine, first, one)
    second = new_run(engine, task)
    claim = (second, claim_run(engine, second, two).fence)
    assert start_claims(engine, two, claim) == []
    assert replaced(engine, two, claim) == [Replaced(first, "running", one)]
    assert replaced(engine, two, claim) == []
    assert start_claims(engine, two, claim) == []
    finish_run(engine, started, one, "cancelled")
    row = run_row(engine, first)
    assert (row.state, row.reason) == ("cancelled", f"replaced by run {second}")
    assert len(start_claims(engine, two, claim)) == 1


def test_one_that_succeeds_all_the_same_has_succeeded(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace")
    started = start_run(engine, new_run(engine, task, due_in=-5), worker)
    second = new_run(engine, task)
    replaced(engine, worker, (second, claim_run(engine, second, worker).fence))
    finish_run(engine, started, worker, "succeeded")
    row = run_row(engine, started.run_id)
    assert (row.state, row.reason) == ("succeeded", None)


def test_of_several_that_are_due_the_newest_stays(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace")
    runs = [new_run(engine, task, due_in=seconds) for seconds in (-9, -6, -3)]
    claims = [(run, claim_run(engine, run, worker).fence) for run in runs]
    assert {run.run_id for run in replaced(engine, worker, *claims)} == set(runs[:2])
    assert [run_row(engine, run).state for run in runs] == ["cancelled", "cancelled", "claimed"]
    assert [started.run_id for started in start_claims(engine, worker, *claims)] == [runs[2]]


def test_one_between_two_attempts_makes_way_at_once(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace", max_retries=1)
    first = new_run(engine, task, due_in=-5)
    finish_run(engine, start_run(engine, first, worker), worker, "failed")
    second = new_run(engine, task)
    claim = (second, claim_run(engine, second, worker).fence)
    assert start_claims(engine, worker, claim) == []
    assert replaced(engine, worker, claim) == [Replaced(first, "cancelled", None)]
    assert len(start_claims(engine, worker, claim)) == 1


def test_nothing_is_replaced_before_the_new_run_is_due(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace")
    start_run(engine, new_run(engine, task), worker)
    early = new_run(engine, task, due_in=30)
    assert replaced(engine, worker, (early, claim_run(engine, early, worker).fence)) == []


def test_other_policies_and_other_tasks_are_left_alone(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    start_run(engine, new_run(engine, task, due_in=-5), worker)
    other = new_run(engine, new_task(engine, overlap="replace"))
    second = new_run(engine, task)
    change_run(engine, second, state="queued")
    claims = [(run, claim_run(engine, run, worker).fence) for run in (second, other)]
    assert replaced(engine, worker, *claims) == []


def test_backfilled_runs_wait_for_each_other_instead(engine: Engine) -> None:
    task = new_task(engine, overlap="replace")
    run = new_run(engine, task, trigger=Trigger.BACKFILL)
    assert run_row(engine, run).overlap == "queue"


def test_a_run_that_may_not_start_itself_has_no_other_make_way(engine: Engine) -> None:
    one, two = new_worker(engine), new_worker(engine)
    task = new_task(engine, overlap="replace", start_deadline=60)
    start_run(engine, new_run(engine, task, due_in=-5), one)
    second = new_run(engine, task)
    claim = (second, claim_run(engine, second, two).fence)
    deadline = run_row(engine, second).start_by
    change_run(engine, second, start_by=database_now(engine))
    assert replaced(engine, two, claim) == []
    change_run(engine, second, start_by=deadline)
    assert len(replaced(engine, two, claim)) == 1


def test_the_newest_starts_only_once_earlier_ones_that_wait_have_ended(engine: Engine) -> None:
    one, two = new_worker(engine), new_worker(engine, name="worker-2")
    task = new_task(engine, overlap="replace")
    first, second = (new_run(engine, task, trigger=Trigger.MANUAL) for _ in range(2))
    claim_run(engine, first, one)
    claim = (second, claim_run(engine, second, two).fence)
    assert start_claims(engine, two, claim) == []
    assert replaced(engine, two, claim) == [Replaced(first, "cancelled", one)]
    assert run_row(engine, first).reason == f"replaced by run {second}"
    assert [started.run_id for started in start_claims(engine, two, claim)] == [second]


def test_an_earlier_run_is_refused_and_replaced_while_a_newer_one_is_due(engine: Engine) -> None:
    one, two = new_worker(engine), new_worker(engine, name="worker-2")
    task = new_task(engine, overlap="replace")
    first, second = (new_run(engine, task, trigger=Trigger.MANUAL) for _ in range(2))
    claim = (first, claim_run(engine, first, one).fence)
    claim_run(engine, second, two)
    assert start_claims(engine, one, claim) == []
    assert replaced(engine, one, claim) == [Replaced(first, "cancelled", one)]
    row = run_row(engine, first)
    assert (row.state, row.reason_code) == ("cancelled", "replaced")
    assert row.reason == f"replaced by run {second}"


@pytest.mark.parametrize("has_ended", [False, True])
def test_an_earlier_run_that_comes_after_the_start_of_a_newer_one_is_replaced(
    engine: Engine, *, has_ended: bool
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace")
    newer = new_run(engine, task, trigger=Trigger.MANUAL)
    started = start_run(engine, newer, worker)
    if has_ended:
        finish_run(engine, started, worker, "succeeded")
    earlier = new_run(engine, task, due_in=-1, trigger=Trigger.MANUAL)
    claim = (earlier, claim_run(engine, earlier, worker).fence)
    assert start_claims(engine, worker, claim) == []
    assert replaced(engine, worker, claim) == [Replaced(earlier, "cancelled", worker)]
    assert run_row(engine, earlier).reason == f"replaced by run {newer}"


def test_a_run_whose_newer_one_is_not_due_yet_starts(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace")
    run, later = new_run(engine, task), new_run(engine, task, due_in=20)
    claim = (run, claim_run(engine, run, worker).fence)
    claim_run(engine, later, worker)
    assert [started.run_id for started in start_claims(engine, worker, claim)] == [run]


def test_due_times_that_a_jitter_put_in_another_order_both_start(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace")
    now = database_now(engine)
    delayed, prompt = new_run(engine, task, due_in=-9), new_run(engine, task, due_in=-6)
    change_run(engine, delayed, due_at=now - timedelta(seconds=1))
    finish_run(engine, start_run(engine, prompt, worker), worker, "succeeded")
    assert start_run(engine, delayed, worker).run_id == delayed


def test_a_retry_passes_an_earlier_run_that_was_never_started(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="replace", max_retries=1)
    newer = new_run(engine, task, trigger=Trigger.MANUAL)
    finish_run(engine, start_run(engine, newer, worker), worker, "failed")
    earlier = new_run(engine, task, due_in=-1, trigger=Trigger.MANUAL)
    claim = (earlier, claim_run(engine, earlier, worker).fence)
    change_run(engine, newer, due_at=database_now(engine))
    assert start_run(engine, newer, worker).attempt == 2
    assert replaced(engine, worker, claim) == [Replaced(earlier, "cancelled", worker)]
