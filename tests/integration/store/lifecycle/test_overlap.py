"""Overlap: runs of one task at the same time, or not, whatever the timing."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from punctual.store.lifecycle.reap import bury, reap_claimed, reap_running
from punctual.store.lifecycle.start import skip_overlapping, start
from tests.support.eventually import eventually
from tests.support.locks import waiting
from tests.support.rows import new_run, new_task, run_row
from tests.support.steps import (
    LEASE,
    change_run,
    claim_run,
    finish_run,
    new_worker,
    silence,
    start_claims,
    start_run,
)

LAST_BEAT = text("SELECT heartbeat_at AT TIME ZONE 'UTC' FROM workers WHERE id = :id")


def skipped(
    engine: Engine, worker_id: uuid.UUID, *claims: tuple[uuid.UUID, int]
) -> list[uuid.UUID]:
    """Which of the claimed runs end as skipped."""
    with engine.begin() as connection:
        return skip_overlapping(connection, worker_id=worker_id, claims=claims)


@pytest.mark.parametrize("overlap", ["skip", "queue", "replace"])
def test_while_one_runs_the_next_is_refused(engine: Engine, overlap: str) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap=overlap)
    first = new_run(engine, task)
    started = start_run(engine, first, worker)
    second = new_run(engine, task)
    change_run(engine, second, state="queued")
    claimed = claim_run(engine, second, worker)
    assert start_claims(engine, worker, (second, claimed.fence)) == []
    finish_run(engine, started, worker, "succeeded")
    assert len(start_claims(engine, worker, (second, claimed.fence))) == 1


def test_a_skipped_run_names_the_worker_that_left_the_other_unfinished(engine: Engine) -> None:
    dead, worker = new_worker(engine, name="w-dead"), new_worker(engine)
    task = new_task(engine, overlap="skip")
    first = new_run(engine, task)
    start_run(engine, first, dead)
    silence(engine, dead, seconds=20)
    with engine.connect() as connection:
        beat = connection.execute(LAST_BEAT, {"id": dead}).scalar_one()
    second = new_run(engine, task)
    claimed = claim_run(engine, second, worker)
    assert skipped(engine, worker, (second, claimed.fence)) == [second]
    row = run_row(engine, second)
    assert (row.state, row.reason_code) == ("skipped", "worker_silent")
    assert row.reason == (
        f"skipped: run {first} of the same task was not finished:"
        f" its worker w-dead had not answered since {beat:%Y-%m-%dT%H:%M:%SZ}"
    )


def test_a_run_skipped_behind_a_live_one_names_no_worker(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    first, second = new_run(engine, task, due_in=-1), new_run(engine, task)
    start_run(engine, first, worker)
    change_run(engine, second, state="queued")
    claimed = claim_run(engine, second, worker)
    assert skipped(engine, worker, (second, claimed.fence)) == [second]
    row = run_row(engine, second)
    assert (row.reason_code, row.reason) == (
        "other_run",
        f"skipped: run {first} of the same task was not finished",
    )


def test_with_allow_they_run_side_by_side(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    runs = [new_run(engine, task) for _ in range(2)]
    for run in runs:
        start_run(engine, run, worker)
    assert {run_row(engine, run).state for run in runs} == {"running"}


def test_of_one_batch_only_the_earliest_starts(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    late, early = new_run(engine, task, due_in=0), new_run(engine, task, due_in=-5)
    claims = [(run, claim_run(engine, run, worker).fence) for run in (late, early)]
    assert [started.run_id for started in start_claims(engine, worker, *claims)] == [early]


def test_two_workers_in_the_same_instant_never_both_start(engine: Engine) -> None:
    one, two = new_worker(engine), new_worker(engine)
    task = new_task(engine, overlap="skip")
    first, second = new_run(engine, task), new_run(engine, task)
    claimed_one, claimed_two = claim_run(engine, first, one), claim_run(engine, second, two)
    with engine.connect() as connection, ThreadPoolExecutor(1) as pool:
        mine = (first, claimed_one.fence)
        assert len(start(connection, worker_id=one, claims=[mine], lease=LEASE)) == 1
        other = pool.submit(start_claims, engine, two, (second, claimed_two.fence))
        eventually(lambda: waiting(engine))
        connection.commit()
        with pytest.raises(IntegrityError, match="uq_runs_one_running"):
            other.result(10)
    assert start_claims(engine, two, (second, claimed_two.fence)) == []
    assert run_row(engine, second).state == "claimed"


def test_many_workers_at_once_never_have_two_running(engine: Engine) -> None:
    task = new_task(engine, overlap="skip")
    claims = []
    for number in range(4):
        worker, run = new_worker(engine, name=f"w-{number}"), new_run(engine, task)
        claims.append((worker, run, claim_run(engine, run, worker).fence))
    together = threading.Barrier(len(claims))

    def try_to_start(worker: uuid.UUID, run: uuid.UUID, fence: int) -> int:
        together.wait(10)
        try:
            return len(start_claims(engine, worker, (run, fence)))
        except IntegrityError:
            return 0

    with ThreadPoolExecutor(len(claims)) as pool:
        started = list(pool.map(lambda each: try_to_start(*each), claims))
    assert sum(started) == 1
    assert [run_row(engine, run).state for _, run, _ in claims].count("running") == 1


def test_skip_ends_a_due_run_whose_task_still_runs_and_says_so(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    first, second = new_run(engine, task), new_run(engine, task)
    started = start_run(engine, first, worker)
    claimed = claim_run(engine, second, worker)
    assert skipped(engine, worker, (second, claimed.fence)) == [second]
    row = run_row(engine, second)
    assert (row.state, row.attempt) == ("skipped", 0)
    assert str(started.run_id) in row.reason


def test_a_run_is_not_skipped_before_it_is_due(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    start_run(engine, new_run(engine, task), worker)
    early = new_run(engine, task, due_in=30)
    claimed = claim_run(engine, early, worker)
    assert skipped(engine, worker, (early, claimed.fence)) == []


def test_a_run_between_two_attempts_is_unfinished_too(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip", max_retries=1)
    first = new_run(engine, task)
    finish_run(engine, start_run(engine, first, worker), worker, "failed")
    second = new_run(engine, task)
    claimed = claim_run(engine, second, worker)
    assert start_claims(engine, worker, (second, claimed.fence)) == []
    assert skipped(engine, worker, (second, claimed.fence)) == [second]


def test_with_nothing_in_the_way_nothing_is_skipped(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    finish_run(engine, start_run(engine, new_run(engine, task), worker), worker, "succeeded")
    run = new_run(engine, task)
    claimed = claim_run(engine, run, worker)
    assert skipped(engine, worker, (run, claimed.fence)) == []
    assert len(start_claims(engine, worker, (run, claimed.fence))) == 1


def test_a_due_time_waits_for_a_run_that_is_caught_up_and_only_later_ones_are_skipped(
    engine: Engine,
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    stale = new_run(engine, task, due_in=-60)
    assert run_row(engine, stale).caught_up
    started = start_run(engine, stale, worker)
    fresh, later = (new_run(engine, task, due_in=seconds) for seconds in (-2, -1))
    claims = [(run, claim_run(engine, run, worker).fence) for run in (fresh, later)]
    assert start_claims(engine, worker, *claims) == []
    assert skipped(engine, worker, *claims) == [later]
    finish_run(engine, started, worker, "succeeded")
    assert [run.run_id for run in start_claims(engine, worker, claims[0])] == [fresh]


def test_a_caught_up_run_that_waits_for_its_retry_keeps_no_due_time_waiting(
    engine: Engine,
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip", max_retries=1)
    finish_run(
        engine, start_run(engine, new_run(engine, task, due_in=-60), worker), worker, "failed"
    )
    fresh = new_run(engine, task)
    claim = (fresh, claim_run(engine, fresh, worker).fence)
    assert skipped(engine, worker, claim) == [fresh]


def buried(engine: Engine, worker: uuid.UUID) -> None:
    """The worker has been silent for longer than its lease, and what it had was taken back."""
    silence(engine, worker, seconds=40)
    with engine.begin() as connection:
        bury(connection, lease=LEASE)
        reap_claimed(connection, batch_size=10)
        reap_running(connection, batch_size=10)


def skipped_after_a_death(
    engine: Engine, *due_in: float, running: int = 0
) -> tuple[list[uuid.UUID], uuid.UUID]:
    """Runs that a worker had, and that were skipped while a later one ran; and that later one.

    The worker died while the first `running` of them ran.
    """
    dead, heir = new_worker(engine, name="w-dead"), new_worker(engine, name="w-heir")
    task = new_task(engine, overlap="skip")
    runs = [new_run(engine, task, due_in=seconds) for seconds in due_in]
    claims = [(run, claim_run(engine, run, dead).fence) for run in runs]
    if running:
        assert start_claims(engine, dead, claims[0])
    buried(engine, dead)
    later = new_run(engine, task)
    waiting = [(run, claim_run(engine, run, heir).fence) for run in runs[running:]]
    start_run(engine, later, heir)
    assert set(skipped(engine, heir, *waiting)) == set(runs[running:])
    return runs, later


def test_a_run_skipped_after_the_loss_of_an_earlier_one_names_that_and_its_worker(
    engine: Engine,
) -> None:
    runs, later = skipped_after_a_death(engine, -8, -6, -4, running=1)
    assert run_row(engine, runs[0]).state == "lost"
    for run in runs[1:]:
        row = run_row(engine, run)
        assert (row.state, row.reason_code) == ("skipped", "worker_silent")
        assert row.reason_args["run_id"] == str(runs[0])
        assert row.reason_args["worker"] == "w-dead"
        assert str(later) not in str(row.reason_args)


def test_a_run_that_a_dead_worker_had_claimed_names_that_worker_and_no_later_run(
    engine: Engine,
) -> None:
    runs, _ = skipped_after_a_death(engine, -6, -4)
    for run in runs:
        row = run_row(engine, run)
        assert (row.state, row.reason_code) == ("skipped", "worker_silent")
        assert row.reason_args["worker"] == "w-dead"
        assert "run_id" not in row.reason_args


def test_a_run_skipped_while_a_later_one_runs_says_that_a_later_due_time_ran(
    engine: Engine,
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    older, later = new_run(engine, task, due_in=-4), new_run(engine, task)
    claim = (older, claim_run(engine, older, worker).fence)
    start_run(engine, later, worker)
    assert skipped(engine, worker, claim) == [older]
    assert run_row(engine, older).reason_code == "later_due_time"


def test_with_catch_up_all_an_older_run_waits_for_a_later_one_and_newer_ones_for_it(
    engine: Engine,
) -> None:
    dead, heir = new_worker(engine, name="w-dead"), new_worker(engine, name="w-heir")
    task = new_task(engine, overlap="skip", catch_up="all")
    older = [new_run(engine, task, due_in=seconds) for seconds in (-6, -4)]
    for run in older:
        claim_run(engine, run, dead)
    buried(engine, dead)
    later = new_run(engine, task)
    claims = [(run, claim_run(engine, run, heir).fence) for run in older]
    started = start_run(engine, later, heir)
    assert skipped(engine, heir, *claims) == []
    finish_run(engine, started, heir, "succeeded")
    (started,) = start_claims(engine, heir, *claims)
    assert started.run_id == older[0]
    fresh = new_run(engine, task)
    claims.append((fresh, claim_run(engine, fresh, heir).fence))
    assert skipped(engine, heir, *claims[1:]) == []
    finish_run(engine, started, heir, "succeeded")
    (started,) = start_claims(engine, heir, *claims[1:])
    assert started.run_id == older[1]
