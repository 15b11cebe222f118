"""Left behind: what was planned before a stop is asked about again before it may start."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.states import Trigger
from punctual.store.ledger.entries import list_ledger
from punctual.store.lifecycle.claim import claim, release, still_claimed
from punctual.store.outages.outages import note_break
from punctual.store.processes.workers import beat, leave
from tests.integration.store.lifecycle.misfires.stops import (
    coordinate,
    pulled,
    settle,
    states,
    stopped_for,
)
from tests.support.age import age
from tests.support.rows import database_now, dispatch_all, new_run, new_task, run_row
from tests.support.steps import (
    LEASE,
    claim_run,
    finish_run,
    new_worker,
    start_claims,
    start_run,
)

MINUTELY = {"every": 60}


def test_a_missed_run_says_what_was_not_running_and_since_when(engine: Engine) -> None:
    run = stopped_for(engine, 180, state="scheduled", task=new_task(engine, catch_up="none"))
    new_worker(engine)
    coordinate(engine)
    reason = run_row(engine, run).reason
    match = re.fullmatch(
        r"missed: no coordinator or worker was running from (\S+) to (\S+)", reason
    )
    assert match is not None, reason
    began, ended = map(datetime.fromisoformat, match.groups())
    assert timedelta(seconds=170) < ended - began < timedelta(seconds=190)


def test_a_queued_run_whose_workers_alone_were_down_says_so(engine: Engine) -> None:
    run = stopped_for(engine, 180, state="queued", task=new_task(engine, catch_up="none"))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM last_pass"))
    new_worker(engine)
    settle(engine)
    assert run_row(engine, run).reason.startswith("missed: no worker was running from ")


def test_what_waited_for_a_slot_while_workers_were_up_is_late_and_runs(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, catch_up="none")
    run = new_run(engine, task)
    age(engine, timedelta(seconds=60))
    with engine.begin() as connection:
        beat(connection, worker_id=worker, room=0)  # came late, as its last one is 60 s old
        connection.execute(text("UPDATE workers SET up_since = up_since - interval '1 hour'"))
    coordinate(engine)
    assert pulled(engine, worker) == [run]


def test_a_worker_that_comes_within_a_lease_carries_on_for_the_one_before_it(
    engine: Engine,
) -> None:
    before, task = new_worker(engine, name="before"), new_task(engine, catch_up="none")
    run = new_run(engine, task)
    dispatch_all(engine)
    age(engine, timedelta(seconds=40))
    with engine.begin() as connection:
        statement = text("UPDATE workers SET heartbeat_at = clock_timestamp() - interval '20 s'")
        connection.execute(statement)
        leave(connection, worker_id=before)
    after = new_worker(engine, name="after")
    assert settle(engine).missed == []
    assert pulled(engine, after) == [run]


def test_a_worker_that_serves_another_queue_carries_nothing_on(engine: Engine) -> None:
    new_worker(engine, name="other", queues=["gpu"])
    task = new_task(engine, catch_up="none")
    run = stopped_for(engine, 180, state="queued", task=task)
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET heartbeat_at = now() WHERE name = 'other'"))
    new_worker(engine, queues=["default"])
    settle(engine)
    assert states(engine, run) == ["missed"]


def test_while_no_worker_serves_its_queue_a_queued_run_waits(engine: Engine) -> None:
    run = stopped_for(engine, 180, state="queued", task=new_task(engine, catch_up="none"))
    new_worker(engine, queues=["gpu"])
    settle(engine)
    assert states(engine, run) == ["queued"]


def test_after_a_database_outage_catch_up_decides_about_a_claimed_run(
    engine: Engine,
) -> None:
    worker, task = new_worker(engine), new_task(engine, catch_up="none")
    run = new_run(engine, task)
    claimed = claim_run(engine, run, worker)
    age(engine, timedelta(seconds=180))
    with engine.begin() as connection:
        beat(connection, worker_id=worker, room=16)
    pair = (run, claimed.fence)
    assert start_claims(engine, worker, pair) == []
    with engine.begin() as connection:
        assert still_claimed(connection, worker_id=worker, claims=[pair]) == {run: True}
        release(connection, worker_id=worker, claims=[pair])
    coordinate(engine)
    assert states(engine, run) == ["missed"]


@pytest.mark.parametrize("trigger", [t for t in Trigger if t != Trigger.SCHEDULE])
def test_catch_up_does_not_apply_to_what_is_no_due_time(engine: Engine, trigger: Trigger) -> None:
    new_worker(engine, name="before")
    run = new_run(engine, new_task(engine, catch_up="none"), trigger=trigger)
    dispatch_all(engine)
    age(engine, timedelta(seconds=180))
    after = new_worker(engine)
    coordinate(engine)
    assert pulled(engine, after) == [run]


def test_catch_up_does_not_apply_to_a_retry(engine: Engine) -> None:
    before = new_worker(engine, name="before")
    task = new_task(engine, catch_up="none", max_retries=1, retry_delay=0)
    run = new_run(engine, task)
    finish_run(engine, start_run(engine, run, before), before, "failed")
    age(engine, timedelta(seconds=180))
    after = new_worker(engine)
    coordinate(engine)
    assert pulled(engine, after) == [run]


def test_catch_up_does_not_apply_to_a_run_planned_after_the_stop(
    engine: Engine,
) -> None:
    worker, task = new_worker(engine), new_task(engine, catch_up="none")
    run = new_run(engine, task, due_in=-120)
    coordinate(engine)
    assert pulled(engine, worker) == [run]


def test_a_missed_run_returns_its_place_and_the_task_goes_on(engine: Engine) -> None:
    task = new_task(
        engine, catch_up="none", schedule=MINUTELY, max_runs=1, planned_runs=1, next_due_at=None
    )
    run = stopped_for(engine, 180, state="queued", task=task)
    new_worker(engine)
    settle(engine)
    assert states(engine, run) == ["missed"]
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM tasks WHERE id = :id"), {"id": task}).one()
    assert row.planned_runs == 0
    assert row.next_due_at > database_now(engine)


def test_the_ledger_says_the_same(engine: Engine) -> None:
    task = new_task(engine, catch_up="none")
    run = stopped_for(engine, 180, state="queued", task=task)
    new_worker(engine)
    settle(engine)
    with engine.connect() as connection:
        [noted] = list_ledger(connection, task_id=task, page_size=9)
    assert noted.reason == "missed"
    assert run_row(engine, run).reason == f"missed: {noted.because}"


def test_a_message_for_a_run_that_was_left_behind_claims_nothing(engine: Engine) -> None:
    run = stopped_for(engine, 180, state="queued", task=new_task(engine))
    worker = new_worker(engine)
    with engine.begin() as connection:
        pair = (run, run_row(connection, run).fence)
        assert claim(connection, worker_id=worker, messages=[pair], room=9) == []


def test_a_stop_shorter_than_a_lease_leaves_nothing_behind(engine: Engine) -> None:
    run = stopped_for(engine, 28, state="queued", task=new_task(engine, catch_up="none"))
    worker = new_worker(engine)
    coordinate(engine)
    assert pulled(engine, worker) == [run]


def test_while_coordinators_were_down_a_run_that_was_not_queued_yet_is_left_behind_too(
    engine: Engine,
) -> None:
    coordinate(engine)
    worker, run = new_worker(engine), new_run(engine, new_task(engine, catch_up="none"))
    age(engine, timedelta(seconds=180))
    with engine.begin() as connection:  # the worker has been up all along
        connection.execute(text("UPDATE workers SET heartbeat_at = clock_timestamp()"))
        note_break(connection, lease=LEASE)
    assert dispatch_all(engine) == []
    settle(engine)
    assert run_row(engine, run).reason.startswith("missed: no coordinator was running from ")
    assert pulled(engine, worker) == []
