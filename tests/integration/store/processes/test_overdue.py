"""Overdue work: what waits for nothing counts, what waits for another run or a limit does not."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.states import Trigger
from punctual.store.concurrency.usage import mark_limited
from punctual.store.processes.health_summary import overdue
from tests.support.rows import database_now, new_run, new_task, run_row
from tests.support.steps import (
    change_run,
    claim_run,
    finish_run,
    new_worker,
    queue_run,
    start_claims,
    start_run,
)

LONG = 142


def overdue_seconds(engine: Engine, state: str) -> float:
    """By how much the oldest run of this state is overdue."""
    with engine.connect() as connection:
        return overdue(connection).runs[state]


def test_a_queued_run_that_waits_for_a_running_one_of_its_task_is_not_overdue(
    engine: Engine,
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="queue")
    second = new_run(engine, task, due_in=-LONG, trigger=Trigger.MANUAL)
    queue_run(engine, second)
    late = timedelta(hours=1)
    change_run(engine, second, redispatch_at=database_now(engine) - late)
    assert overdue_seconds(engine, "queued") > LONG
    first = new_run(engine, task, due_in=-LONG, trigger=Trigger.MANUAL)
    change_run(engine, first, state="queued")
    started = start_run(engine, first, worker)
    assert overdue_seconds(engine, "queued") == 0
    finish_run(engine, started, worker, "succeeded")
    assert overdue_seconds(engine, "queued") > LONG - 1


def test_a_run_that_was_queued_when_its_turn_came_is_overdue_only_from_then_on(
    engine: Engine,
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="queue")
    first, second = (new_run(engine, task, due_in=-LONG, trigger=Trigger.MANUAL) for _ in range(2))
    finish_run(engine, start_run(engine, first, worker), worker, "succeeded")
    assert run_row(engine, second).state == "scheduled"
    claim = (second, claim_run(engine, second, worker).fence)
    assert overdue_seconds(engine, "claimed") < 10
    assert [run.run_id for run in start_claims(engine, worker, claim)] == [second]
    assert overdue_seconds(engine, "running") < 10


@pytest.mark.parametrize("dispatches", [1, 2, 4, 6])
def test_a_queued_run_that_waits_for_nothing_is_overdue_from_its_dispatch_on(
    engine: Engine, dispatches: int
) -> None:
    task = new_task(engine, overlap="queue")
    run = new_run(engine, task, due_in=-LONG * 5, trigger=Trigger.MANUAL)
    queue_run(engine, run)
    assert overdue_seconds(engine, "queued") < 10
    waits = sum(min(60, 5 * 2**number) for number in range(dispatches))
    then = database_now(engine) - timedelta(seconds=LONG) + timedelta(seconds=waits)
    change_run(engine, run, dispatches=dispatches, redispatch_at=then)
    assert LONG <= overdue_seconds(engine, "queued") < LONG + 10


def test_a_claimed_run_of_a_task_without_another_is_overdue_from_its_due_time_on(
    engine: Engine,
) -> None:
    worker = new_worker(engine)
    for overlap in ("skip", "queue", "replace", "allow"):
        run = new_run(
            engine, new_task(engine, overlap=overlap), due_in=-LONG, trigger=Trigger.MANUAL
        )
        claimed = claim_run(engine, run, worker)
        assert LONG <= overdue_seconds(engine, "claimed") < LONG + 20
        start_claims(engine, worker, (run, claimed.fence))


@pytest.mark.parametrize("of_the_user", [False, True])
def test_a_claimed_run_that_waits_for_a_limit_is_not_overdue(
    engine: Engine, *, of_the_user: bool
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    first, second = (new_run(engine, task, due_in=-LONG, trigger=Trigger.MANUAL) for _ in range(2))
    claimed = [(run, claim_run(engine, run, worker).fence) for run in (first, second)]
    team = run_row(engine, first).team_id
    with engine.begin() as connection:
        lowered = (
            "INSERT INTO concurrency_limits (id, team_id, max_concurrent)"
            " VALUES (gen_random_uuid(), :team, 1)"
            if of_the_user
            else "UPDATE tasks SET max_concurrent = 1 WHERE team_id = :team"
        )
        connection.execute(text(lowered), {"team": team})
        mark_limited(connection, team_id=team)
    for run in (first, second):
        change_run(engine, run, redispatch_at=database_now(engine) - timedelta(seconds=LONG))
    assert overdue_seconds(engine, "claimed") > LONG
    (started,) = start_claims(engine, worker, *claimed)
    assert overdue_seconds(engine, "claimed") == 0
    finish_run(engine, started, worker, "succeeded")
    assert overdue_seconds(engine, "claimed") > LONG


def test_a_skip_run_that_waits_for_a_caught_up_one_is_not_overdue(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="skip")
    stale = new_run(engine, task, due_in=-3600)
    assert run_row(engine, stale).caught_up
    started = start_run(engine, stale, worker)
    fresh = new_run(engine, task)
    claim_run(engine, fresh, worker)
    change_run(engine, fresh, due_at=database_now(engine) - timedelta(seconds=LONG))
    assert overdue_seconds(engine, "claimed") == 0
    finish_run(engine, started, worker, "succeeded")
    assert overdue_seconds(engine, "claimed") < 10
