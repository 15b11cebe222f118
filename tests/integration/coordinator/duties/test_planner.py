"""The planner: due times become runs, and a bad task stays alone with its trouble."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from punctual_coordinator.duties.planner import Planner, PlanResult
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, task_row
from tests.support.rows import database_now, new_task, new_team

EVERY_MINUTE = {"every": 60}


def test_a_due_task_becomes_a_run_and_moves_on_to_its_next_due_time(engine: Engine) -> None:
    now = database_now(engine)
    due = now + timedelta(seconds=20)
    task = new_task(engine, schedule=EVERY_MINUTE, schedule_anchor=due, next_due_at=due)
    report = Planner(engine, window=WINDOW).run_once(now=now)
    assert report == PlanResult(tasks=1, runs=1)
    [run] = all_runs(engine)
    assert (run.task_id, run.scheduled_for, run.due_at, run.state) == (task, due, due, "scheduled")
    assert task_row(engine, task).next_due_at == due + timedelta(minutes=1)


def test_what_is_due_after_the_window_is_left_alone(engine: Engine) -> None:
    now = database_now(engine)
    new_task(engine, schedule=EVERY_MINUTE, next_due_at=now + WINDOW + timedelta(seconds=1))
    assert Planner(engine, window=WINDOW).run_once(now=now) == PlanResult()
    assert all_runs(engine) == []


def test_planning_the_same_instant_again_adds_nothing(engine: Engine) -> None:
    now = database_now(engine)
    new_task(engine, schedule=EVERY_MINUTE, schedule_anchor=now, next_due_at=now)
    planner = Planner(engine, window=WINDOW)
    assert planner.run_once(now=now).runs == 1
    assert planner.run_once(now=now).runs == 0


def test_a_full_batch_says_that_there_may_be_more(engine: Engine) -> None:
    now, team = database_now(engine), new_team(engine)
    for _ in range(5):
        new_task(engine, team_id=team, schedule={"at": now.isoformat()}, next_due_at=now)
    planner = Planner(engine, window=WINDOW, batch=3)
    assert planner.run_once(now=now) == PlanResult(tasks=3, runs=3, more=True)
    assert planner.run_once(now=now) == PlanResult(tasks=2, runs=2)


@pytest.mark.parametrize(
    "refused", [{"start_deadline": 1e300}, {"max_retries": 32767}], ids=["interval", "smallint"]
)
def test_a_task_the_database_refuses_stops_no_other(
    engine: Engine, refused: dict[str, float]
) -> None:
    now, team = database_now(engine), new_team(engine)
    due = {"schedule": EVERY_MINUTE, "schedule_anchor": now, "next_due_at": now}
    good = [new_task(engine, team_id=team, **due) for _ in range(2)]
    bad = new_task(engine, team_id=team, **due, **refused)
    good.append(new_task(engine, team_id=team, **due))
    report = Planner(engine, window=WINDOW).run_once(now=now)
    assert report == PlanResult(tasks=4, runs=3, refused=1)
    assert {run.task_id for run in all_runs(engine)} == set(good)
    row = task_row(engine, bad)
    assert "out of range" in row.plan_error
    assert row.next_due_at is None
    assert all(task_row(engine, task).plan_error is None for task in good)


def test_an_unreadable_schedule_stops_no_other_task(engine: Engine) -> None:
    now, team = database_now(engine), new_team(engine)
    bad = new_task(engine, team_id=team, schedule={"cron": "* * *"}, next_due_at=now)
    new_task(engine, team_id=team, schedule={"at": now.isoformat()}, next_due_at=now)
    report = Planner(engine, window=WINDOW).run_once(now=now)
    assert report == PlanResult(tasks=2, runs=1, refused=1)
    assert "Cron has five fields" in task_row(engine, bad).plan_error
    assert Planner(engine, window=WINDOW).run_once(now=now) == PlanResult()
