"""Edits of lists of times and of max_runs: no due time is lost, and none is counted twice."""

from sqlalchemy import Engine, text

from tests.integration.store.lifecycle.edits import (
    EVERY_5_MINUTES,
    HALF_PAST,
    NOON,
    at,
    edit,
    enable,
    next_due,
    plan_at,
    runs,
)
from tests.support.rows import new_task
from tests.support.steps import change_run


def test_a_time_that_was_to_be_planned_yet_is_not_lost_in_a_list(engine: Engine) -> None:
    once = {"at": at(5).isoformat()}
    task = new_task(engine, schedule=once, schedule_anchor=NOON, next_due_at=at(5))
    edit(engine, task, now=at(5, 1), schedule=[once, HALF_PAST])
    assert [run.scheduled_for for run in runs(engine)] == [at(5)]
    assert next_due(engine) == at(30)


def test_a_withdrawn_run_does_not_count_towards_the_most(engine: Engine) -> None:
    task = new_task(
        engine, schedule=EVERY_5_MINUTES, schedule_anchor=NOON, next_due_at=at(5), max_runs=1
    )
    assert plan_at(engine, at(4, 40)) == 1
    assert next_due(engine) is None
    enable(engine, task, False, now=at(4, 45))
    enable(engine, task, True, now=at(4, 50))
    assert next_due(engine) == at(5)
    assert plan_at(engine, at(4, 55)) == 1
    edit(engine, task, now=at(4, 56), max_runs=2)
    assert next_due(engine) == at(10)
    edit(engine, task, now=at(4, 57), max_runs=1)
    assert next_due(engine) is None


def test_past_times_of_a_list_count_towards_the_most(engine: Engine) -> None:
    task = new_task(engine, max_runs=2)
    past = [{"at": at(minute).isoformat()} for minute in (-3, -2, -1)]
    edit(engine, task, now=at(0), schedule=[*past, EVERY_5_MINUTES])
    assert [run.scheduled_for for run in runs(engine)] == [at(-3), at(-2)]
    assert next_due(engine) is None


def test_several_past_times_of_a_list_wait_for_each_other(engine: Engine) -> None:
    task = new_task(engine)
    past = [{"at": at(minute).isoformat()} for minute in (-3, -2)]
    edit(engine, task, now=at(0), schedule=[*past, EVERY_5_MINUTES])
    assert [run.overlap for run in runs(engine)] == ["queue", "queue"]


def test_a_lower_max_runs_reaches_what_is_planned_already(engine: Engine) -> None:
    task = new_task(
        engine, schedule={"every": 3}, schedule_anchor=NOON, next_due_at=at(0, 3), max_runs=10
    )
    plan_at(engine, NOON)
    planned = runs(engine)
    assert len(planned) == 10
    started = planned[:3]
    for run in started:
        change_run(engine, run.id, state="queued")
        change_run(engine, run.id, state="claimed")
        change_run(engine, run.id, state="running", attempt=1)
        change_run(engine, run.id, state="succeeded", finished_at=at(1))
    edit(engine, task, now=at(0, 10), max_runs=5)
    withdrawn = [run for run in runs(engine) if run.superseded]
    assert [run.id for run in withdrawn] == [run.id for run in planned[5:]]
    assert {run.reason_code for run in withdrawn} == {"max_runs"}
    assert (next_due(engine), planned_runs(engine)) == (None, 5)
    edit(engine, task, now=at(0, 11), max_runs=2)
    assert [run.state for run in runs(engine)].count("scheduled") == 0
    edit(engine, task, now=at(0, 12), max_runs=6)
    assert next_due(engine) == at(0, 15)


def planned_runs(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT planned_runs FROM tasks")).scalar_one())
