"""Dispatch: what is due soon is queued once, in order, and waits where it has to."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.store.lifecycle.dispatch import DISPATCH_UNLIMITED, dispatch, mark_missed
from tests.support.rows import (
    WINDOW,
    database_now,
    dispatch_all,
    new_run,
    new_task,
    new_team,
    run_row,
)
from tests.support.steps import change_run, claim_run, finish_run, new_worker, start_run


def test_the_earliest_come_first_and_of_these_the_most_urgent(engine: Engine) -> None:
    plain = new_task(engine, overlap="allow")
    later, sooner = new_run(engine, plain, due_in=9), new_run(engine, plain, due_in=3)
    urgent = new_run(engine, new_task(engine, priority=9), due_in=9)
    change_run(engine, urgent, due_at=run_row(engine, later).due_at)
    assert [queued.run_id for queued in dispatch_all(engine)] == [sooner, urgent, later]


def test_a_limit_leaves_the_later_ones_for_the_next_batch(engine: Engine) -> None:
    task = new_task(engine, overlap="allow")
    first, second = (new_run(engine, task, due_in=seconds) for seconds in (1, 2))
    with engine.begin() as connection:
        assert [q.run_id for q in dispatch(connection, window=WINDOW, batch_size=1)] == [first]
    assert [queued.run_id for queued in dispatch_all(engine)] == [second]


def test_two_dispatchers_at_once_queue_a_run_once(engine: Engine) -> None:
    run = new_run(engine, new_task(engine))
    with engine.connect() as first, engine.begin() as second:
        assert len(dispatch(first, window=WINDOW, batch_size=10)) == 1
        assert dispatch(second, window=WINDOW, batch_size=10) == []
        first.commit()
    assert dispatch_all(engine) == []
    assert run_row(engine, run).dispatches == 1


def test_a_run_past_its_start_deadline_is_not_queued_but_missed(engine: Engine) -> None:
    run = new_run(engine, new_task(engine, start_deadline=5))
    later = database_now(engine) + timedelta(seconds=6)
    with engine.begin() as connection:
        assert dispatch(connection, window=WINDOW, batch_size=10, now=later) == []
        assert mark_missed(connection, batch_size=10, now=later) == [run]
    row = run_row(engine, run)
    assert (row.state, row.fence) == ("missed", 1)
    assert "no coordinator" in row.reason


def test_a_retry_has_no_start_deadline_any_more(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, start_deadline=60, max_retries=1, retry_delay=0))
    finish_run(engine, start_run(engine, run, worker), worker, "failed")
    later = database_now(engine) + timedelta(hours=1)
    with engine.begin() as connection:
        assert mark_missed(connection, batch_size=10, now=later) == []
        assert [q.run_id for q in dispatch(connection, window=WINDOW, batch_size=1, now=later)] == [
            run
        ]


def test_with_overlap_queue_a_run_waits_for_the_one_before_it(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="queue")
    first, second, third = (new_run(engine, task, due_in=seconds) for seconds in (-3, -2, -1))
    assert [queued.run_id for queued in dispatch_all(engine)] == [first]
    assert dispatch_all(engine) == []
    with engine.begin() as connection:
        change_run(engine, first, state="cancelled")
        assert [q.run_id for q in dispatch(connection, window=WINDOW, batch_size=9)] == [second]
    started = start_run(engine, second, worker)
    assert run_row(engine, third).state == "scheduled"
    finish_run(engine, started, worker, "succeeded")
    assert [queued.run_id for queued in dispatch_all(engine)] == [third]


def test_with_overlap_queue_a_retry_goes_before_the_next_run(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="queue", max_retries=1)
    first, second = (new_run(engine, task, due_in=seconds) for seconds in (-2, -1))
    finish_run(engine, start_run(engine, first, worker), worker, "failed")
    assert run_row(engine, first).due_at > run_row(engine, second).due_at
    assert [queued.run_id for queued in dispatch_all(engine)] == [first]


@pytest.mark.parametrize("state", ["queued", "claimed"])
def test_with_overlap_queue_a_claimed_run_due_later_delays_no_other(
    engine: Engine, state: str
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="queue")
    later = new_run(engine, task, due_in=20)
    assert [queued.run_id for queued in dispatch_all(engine)] == [later]
    if state == "claimed":
        claim_run(engine, later, worker)
    earlier, between = (new_run(engine, task, due_in=due) for due in (-5, 5))
    assert [queued.run_id for queued in dispatch_all(engine)] == [earlier]
    start_run(engine, earlier, worker)
    assert dispatch_all(engine) == []
    assert run_row(engine, between).state == "scheduled"


def test_other_tasks_do_not_wait_for_a_queueing_one(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="queue")
    claim_run(engine, new_run(engine, task), worker)
    new_run(engine, task)
    other = new_run(engine, new_task(engine, overlap="queue"))
    assert [queued.run_id for queued in dispatch_all(engine)] == [other]


def test_turns_are_asked_for_once_for_each_owner_and_not_once_for_each_run(engine: Engine) -> None:
    team = new_team(engine)
    for _ in range(20):
        new_run(engine, new_task(engine, team_id=team))
    params = {"window": WINDOW, "limit": 100, "now": None}
    with engine.connect() as connection:
        explain = text(f"EXPLAIN (ANALYZE, COSTS OFF) {DISPATCH_UNLIMITED.text.lstrip()}")
        plan = "\n".join(connection.execute(explain, params).scalars())
        connection.rollback()
    looks = [int(loops) for loops in re.findall(r"on runs runs_\d+ \(actual.*loops=(\d+)", plan)]
    assert looks == [1, 1], plan
