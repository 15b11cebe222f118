"""The end of a run changes the health of its task, and is an event, in the same transaction."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.health import FAILING_ENDS, Health
from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.domain.runs.states import RunState, Trigger
from punctual.store.lifecycle.finish import finish
from punctual.store.lifecycle.misfires.missed import Miss, miss
from punctual.store.lifecycle.paused_retries import withdraw_retries_of
from punctual.store.lifecycle.reap import bury, reap_running
from tests.support.alerts.health import end_run, events_of, health_of, health_word, kinds_of
from tests.support.rows import database_now, new_run, new_task, run_row
from tests.support.steps import finish_run, new_worker, report_of, silence, start_run


def miss_run(engine: Engine, run_id: uuid.UUID) -> None:
    reason = coded(ReasonCode.NO_WORKER, queue="default")
    with engine.begin() as connection:
        assert miss(connection, [Miss(run_id, run_row(engine, run_id).fence, reason)]) == [run_id]


def test_a_new_task_is_unknown_and_ok_once_a_run_succeeded(engine: Engine) -> None:
    task = new_task(engine)
    assert health_word(engine, task) == Health.UNKNOWN
    end_run(engine, task)
    assert health_word(engine, task) == Health.OK
    assert kinds_of(engine, task) == []


@pytest.mark.parametrize("end", sorted(FAILING_ENDS - {RunState.LOST}))
def test_a_task_fails_with_its_run_and_recovers_with_the_next_success(
    engine: Engine, end: RunState
) -> None:
    task = new_task(engine)
    end_run(engine, task)
    first = end_run(engine, task, end)
    second = end_run(engine, task, end)
    assert health_word(engine, task) == Health.FAILING
    began = run_row(engine, first).finished_at
    good = end_run(engine, task)
    assert health_word(engine, task) == Health.OK
    events = events_of(engine, task)
    assert [event.kind for event in events] == ["failed", "failed", "recovered"]
    assert [event.run_id for event in events] == [first, second, good]
    assert [event.details["in_row"] for event in events] == [1, 2, 2]
    assert events[2].details["was"] == "failing"
    with engine.connect() as connection:
        same = text("SELECT bool_and((details->>'since')::timestamptz = :at) FROM alert_events")
        assert connection.execute(same, {"at": began}).scalar_one()


def test_an_attempt_that_is_retried_is_no_failure(engine: Engine) -> None:
    task = new_task(engine, max_retries=1)
    end_run(engine, task, "failed")
    assert health_word(engine, task) == Health.UNKNOWN
    assert kinds_of(engine, task) == []


def test_a_cancelled_run_changes_nothing(engine: Engine) -> None:
    task = new_task(engine)
    end_run(engine, task, "failed")
    end_run(engine, task, "cancelled")
    assert health_word(engine, task) == Health.FAILING
    assert kinds_of(engine, task) == ["failed"]


def test_a_success_after_a_success_writes_nothing(engine: Engine) -> None:
    task = new_task(engine)
    end_run(engine, task)
    place = text("SELECT ctid, xmin FROM task_health WHERE task_id = :id")
    with engine.connect() as connection:
        before = connection.execute(place, {"id": task}).one()
    end_run(engine, task)
    with engine.connect() as connection:
        assert connection.execute(place, {"id": task}).one() == before


def test_a_lost_run_is_an_event_of_its_own(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    run = new_run(engine, task)
    start_run(engine, run, worker)
    silence(engine, worker, seconds=60)
    with engine.begin() as connection:
        bury(connection, lease=timedelta(seconds=30))
        reap_running(connection, batch_size=10)
    assert run_row(engine, run).state == "lost"
    assert health_word(engine, task) == Health.FAILING
    assert kinds_of(engine, task) == ["lost"]


def test_a_missed_due_time_is_seen_until_a_success_and_hides_no_failure(engine: Engine) -> None:
    task = new_task(engine)
    miss_run(engine, new_run(engine, task))
    assert health_word(engine, task) == Health.MISSED
    end_run(engine, task, "failed")
    miss_run(engine, new_run(engine, task))
    assert health_word(engine, task) == Health.FAILING
    end_run(engine, task)
    assert health_word(engine, task) == Health.OK
    assert kinds_of(engine, task) == ["missed", "failed", "missed", "recovered"]


def test_what_an_outage_made_miss_is_no_event_of_its_own(engine: Engine) -> None:
    task = new_task(engine)
    now = database_now(engine)
    minute = timedelta(minutes=1)
    with engine.begin() as connection:
        outage = text("INSERT INTO outages VALUES (gen_random_uuid(), :from_at, :to_at)")
        connection.execute(outage, {"from_at": now - minute, "to_at": now + minute})
    miss_run(engine, new_run(engine, task))
    assert health_word(engine, task) == Health.MISSED
    assert kinds_of(engine, task) == []


def test_a_retry_that_a_pause_withdraws_is_a_failure(engine: Engine) -> None:
    task = new_task(engine, max_retries=1)
    end_run(engine, task, "failed")
    with engine.begin() as connection:
        withdraw_retries_of(connection, task)
    assert health_word(engine, task) == Health.FAILING
    assert kinds_of(engine, task) == ["failed"]


def test_one_batch_of_many_ends_counts_each_of_them_in_order(engine: Engine) -> None:
    tasks = [new_task(engine, overlap="allow") for _ in range(3)]
    worker = new_worker(engine)
    started = [
        start_run(engine, new_run(engine, task, trigger=Trigger.MANUAL), worker)
        for task in reversed(tasks)
        for _ in range(2)
    ]
    reports = [report_of(engine, each, "failed") for each in started]
    with engine.begin() as connection:
        finish(connection, worker_id=worker, reports=reports)
    for task in tasks:
        assert [event.details["in_row"] for event in events_of(engine, task)] == [1, 2]
        row = health_of(engine, task)
        assert row is not None
        assert row.failures_in_row == 2


def test_a_task_without_a_row_gets_one_with_its_next_end(engine: Engine) -> None:
    task = new_task(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM task_health"))
    end_run(engine, task)
    assert health_word(engine, task) == Health.OK


def test_the_run_of_a_deleted_task_ends_without_a_row(engine: Engine) -> None:
    task, worker = new_task(engine), new_worker(engine)
    started = start_run(engine, new_run(engine, task), worker)
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET deleted_at = now()"))
    finish_run(engine, started, worker, "failed")
    assert health_of(engine, task) is None
    assert kinds_of(engine, task) == []
