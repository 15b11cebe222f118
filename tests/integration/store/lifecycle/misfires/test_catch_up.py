"""Catch-up: which of the due times that a stop left behind are still run."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from tests.integration.store.lifecycle.misfires.stops import (
    coordinate,
    pulled,
    settle,
    states,
    stopped_for,
)
from tests.support.rows import database_now, dispatch_all, new_run, new_task, run_row
from tests.support.steps import finish_run, new_worker, start_claims, start_run

MINUTELY = {"every": 60}


@pytest.mark.parametrize("state", ["scheduled", "queued"])
@pytest.mark.parametrize("policy", ["none", "latest", "all"])
def test_only_what_catch_up_allows_starts_after_a_stop_of_everything(
    engine: Engine, state: str, policy: str
) -> None:
    task = new_task(engine, catch_up=policy)
    run = stopped_for(engine, 180, state=state, task=task)
    worker = new_worker(engine)
    assert pulled(engine, worker) == []  # a worker that is back first leaves it alone
    assert dispatch_all(engine) == [] or state == "scheduled"
    coordinate(engine)
    row = run_row(engine, run)
    if policy == "none":
        assert (row.state, row.reason_code) == ("missed", "nothing_running")
    else:
        assert (row.state, row.caught_up) == ("queued", True)
        assert pulled(engine, worker) == [run]


@pytest.mark.parametrize("policy", ["none", "latest", "all"])
def test_of_a_task_due_every_minute_the_policy_runs_what_it_says_after_three_minutes(
    engine: Engine, policy: str
) -> None:
    task = new_task(engine, schedule=MINUTELY, catch_up=policy)
    planned = stopped_for(engine, 180, state="queued", task=task)
    with engine.begin() as connection:  # its due times: 5 s after the stop, and each minute since
        first = run_row(connection, planned).scheduled_for
        anchor = {"task": task, "anchor": first, "next": first + timedelta(minutes=1)}
        connection.execute(
            text(
                "UPDATE tasks SET schedule_anchor = :anchor, next_due_at = :next WHERE id = :task"
            ),
            anchor,
        )
    worker = new_worker(engine)
    coordinate(engine)
    now = database_now(engine)
    with engine.connect() as connection:
        statement = text("SELECT * FROM runs WHERE task_id = :task ORDER BY scheduled_for")
        due = [run for run in connection.execute(statement, {"task": task}) if run.due_at <= now]
    assert [run.scheduled_for for run in due] == [
        first + timedelta(minutes=minutes) for minutes in range(3)
    ]
    missed = [run.id for run in due if run.state == "missed"]
    expected = {"none": due, "latest": due[:2], "all": []}[policy]
    assert missed == [run.id for run in expected]
    runs = [run.id for run in due if run.id not in missed]
    for run in runs:  # one after the other, the earliest first
        [got] = [each for each in pulled(engine, worker) if each in runs]
        assert got == run
        started = start_claims(engine, worker, (run, run_row(engine, run).fence))
        finish_run(engine, started[0], worker, "succeeded")
        dispatch_all(engine)


def test_a_later_due_time_that_runs_stands_for_the_one_left_behind(engine: Engine) -> None:
    task = new_task(engine, catch_up="latest")
    old = stopped_for(engine, 60, state="queued", task=task)
    fresh = new_run(engine, task)
    new_worker(engine)
    coordinate(engine)
    assert states(engine, old, fresh) == ["missed", "queued"]


def test_a_later_due_time_that_is_still_to_be_planned_is_waited_for(engine: Engine) -> None:
    now = database_now(engine)
    task = new_task(engine, catch_up="latest", schedule=MINUTELY, next_due_at=now)
    old = stopped_for(engine, 60, state="queued", task=task)
    new_worker(engine)
    assert settle(engine).caught_up == []
    coordinate(engine)
    assert states(engine, old) == ["missed"]


def test_the_newest_left_behind_runs_while_no_later_due_time_has_come(engine: Engine) -> None:
    now = database_now(engine)
    task = new_task(engine, schedule=MINUTELY, next_due_at=now + timedelta(seconds=300))
    old = stopped_for(engine, 120, state="queued", task=task)
    worker = new_worker(engine)
    coordinate(engine)
    assert pulled(engine, worker) == [old]


@pytest.mark.parametrize(("policy", "state"), [("latest", "missed"), ("all", "queued")])
def test_with_latest_none_runs_after_a_later_due_time_has_started(
    engine: Engine, policy: str, state: str
) -> None:
    task = new_task(engine, catch_up=policy, overlap="allow")
    old = stopped_for(engine, 60, state="queued", task=task)
    worker = new_worker(engine)
    coordinate(engine)
    assert run_row(engine, old).caught_up
    start_run(engine, new_run(engine, task), worker)
    settle(engine)
    assert states(engine, old) == [state]
