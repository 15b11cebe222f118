"""Plan: each due time becomes one run, also after an outage and with another planner at work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from punctual.domain.schedules.jitter import jittered
from punctual.store.lifecycle.planning.plan import Planned, plan
from tests.support.rows import WINDOW, new_task, with_reason

NOW = datetime(2026, 3, 3, 12, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}


def plan_at(engine: Engine, now: datetime, *, limit: int = 500) -> Planned:
    """One batch of planning at that time."""
    with engine.begin() as connection:
        return plan(connection, window=WINDOW, batch_size=limit, now=now)


def runs_in(engine: Engine, state: str) -> list[Any]:
    """The runs in a state, earliest first."""
    with engine.connect() as connection:
        statement = text("SELECT * FROM runs WHERE state = :state ORDER BY due_at")
        return [with_reason(row) for row in connection.execute(statement, {"state": state})]


def next_due(engine: Engine) -> datetime | None:
    """When the only task is due next."""
    with engine.connect() as connection:
        at: datetime | None = connection.execute(text("SELECT next_due_at FROM tasks")).scalar_one()
        return at


@pytest.mark.parametrize(
    ("policy", "late", "missed"), [("latest", 1, 11), ("all", 12, 0), ("none", 0, 12)]
)
def test_after_an_hours_outage_a_policy_decides_about_twelve_due_times(
    engine: Engine, policy: str, late: int, missed: int
) -> None:
    first = NOW - timedelta(minutes=57)
    new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=first, catch_up=policy)
    planned = plan_at(engine, NOW)
    assert (planned.tasks, planned.missed) == (1, missed)
    assert [len(runs_in(engine, state)) for state in ("scheduled", "missed")] == [late, missed]
    if policy == "latest":
        assert runs_in(engine, "scheduled")[0].scheduled_for == NOW - timedelta(minutes=2)
    assert next_due(engine) == NOW + timedelta(minutes=3)
    assert plan_at(engine, NOW).tasks == 0


@pytest.mark.parametrize("overlap", ["skip", "replace", "allow"])
def test_due_times_that_are_all_caught_up_wait_for_each_other_and_none_is_skipped(
    engine: Engine, overlap: str
) -> None:
    new_task(
        engine,
        schedule={"every": 10},
        schedule_anchor=NOW - timedelta(seconds=45),
        next_due_at=NOW - timedelta(seconds=35),
        catch_up="all",
        overlap=overlap,
    )
    plan_at(engine, NOW)
    waits = "allow" if overlap == "allow" else "queue"
    seen = {run.due_at - NOW: run.overlap for run in runs_in(engine, "scheduled")}
    assert seen == {
        timedelta(seconds=due): waits if due < 0 else overlap for due in range(-35, 36, 10)
    }


def test_a_due_time_a_few_seconds_late_is_no_outage(engine: Engine) -> None:
    due = NOW.replace(minute=0)
    new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=due, catch_up="none")
    assert plan_at(engine, due + timedelta(seconds=14)).missed == 0
    assert len(runs_in(engine, "scheduled")) == 1


def test_a_time_in_the_past_is_due_from_the_moment_it_was_saved(engine: Engine) -> None:
    past = NOW - 24 * HOUR
    schedule = {"at": past.isoformat()}
    new_task(engine, schedule=schedule, schedule_anchor=NOW, next_due_at=past, catch_up="none")
    plan_at(engine, NOW)
    [run] = runs_in(engine, "scheduled")
    assert (run.scheduled_for, run.due_at) == (past, NOW)
    assert next_due(engine) is None


def test_a_long_outage_of_a_frequent_task_is_caught_up_in_parts(engine: Engine) -> None:
    first = NOW - HOUR
    new_task(engine, schedule={"every": 1}, schedule_anchor=first, next_due_at=first)
    passes = 0
    while plan_at(engine, NOW).tasks:
        passes += 1
    assert passes == 4
    late = [
        run for run in runs_in(engine, "scheduled") if run.due_at <= NOW - timedelta(seconds=15)
    ]
    assert late == []
    assert next(iter(runs_in(engine, "scheduled"))).due_at > NOW - timedelta(seconds=15)
    reasons = [run.reason for run in runs_in(engine, "missed") if "stands for" in run.reason]
    assert len(reasons) == passes
    assert len(runs_in(engine, "missed")) <= passes * 100


@pytest.mark.parametrize("off", [{"enabled": False}, {"deleted_at": NOW}])
def test_a_paused_or_deleted_task_is_not_planned(engine: Engine, off: dict[str, Any]) -> None:
    new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=NOW, **off)
    assert plan_at(engine, NOW).tasks == 0


def test_a_run_takes_the_command_and_policies_of_its_task_along(engine: Engine) -> None:
    values: dict[str, Any] = {
        "command": "echo hi",
        "env": {"A": "1"},
        "max_retries": 2,
        "start_deadline": 30,
    }
    new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=NOW, priority=9, **values)
    plan_at(engine, NOW)
    [run] = runs_in(engine, "scheduled")
    assert (run.spec["command"], run.spec["env"]) == ("echo hi", {"A": "1"})
    assert (run.max_attempts, run.priority) == (3, 9)
    assert run.start_by == run.due_at + timedelta(seconds=30)


def test_what_one_planner_has_locked_the_next_one_steps_over(engine: Engine) -> None:
    new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=NOW)
    with engine.connect() as first, engine.begin() as second:
        assert plan(first, window=WINDOW, batch_size=10, now=NOW).runs == 1
        assert plan(second, window=WINDOW, batch_size=10, now=NOW).tasks == 0
        first.rollback()
    assert runs_in(engine, "scheduled") == []
    assert plan_at(engine, NOW).runs == 1


def test_a_due_time_that_has_its_run_already_gets_no_second_one(engine: Engine) -> None:
    task = new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=NOW)
    plan_at(engine, NOW)
    with engine.begin() as connection:  # as if the task had never been moved on
        params = {"at": NOW, "id": task}
        connection.execute(text("UPDATE tasks SET next_due_at = :at WHERE id = :id"), params)
    assert plan_at(engine, NOW).runs == 0
    assert len(runs_in(engine, "scheduled")) == 1


def test_after_max_runs_a_task_is_not_due_any_more(engine: Engine) -> None:
    anchor = NOW - timedelta(seconds=10)
    new_task(engine, schedule={"every": 10}, schedule_anchor=anchor, next_due_at=NOW, max_runs=6)
    assert plan_at(engine, NOW).runs == 4
    assert next_due(engine) == NOW + timedelta(seconds=40)
    assert plan_at(engine, NOW + timedelta(seconds=30)).runs == 2
    assert next_due(engine) is None
    assert len(runs_in(engine, "scheduled")) == 6
    assert planned_runs(engine) == 6


def test_what_was_missed_does_not_count_as_a_run(engine: Engine) -> None:
    first = NOW - timedelta(minutes=57)
    new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=first, catch_up="latest", max_runs=2)
    assert plan_at(engine, NOW).missed == 11
    assert planned_runs(engine) == 1
    assert next_due(engine) == NOW + timedelta(minutes=3)


def test_a_due_time_that_has_its_run_already_is_counted_once(engine: Engine) -> None:
    every_10: dict[str, Any] = {
        "schedule": {"every": 10},
        "schedule_anchor": NOW - timedelta(seconds=10),
    }
    task = new_task(engine, **every_10, next_due_at=NOW, max_runs=5)
    plan_at(engine, NOW)
    with engine.begin() as connection:
        again = {"id": task, "at": NOW}
        connection.execute(text("UPDATE tasks SET next_due_at = :at WHERE id = :id"), again)
    assert plan_at(engine, NOW).runs == 0
    assert planned_runs(engine) == 4
    while plan_at(engine, NOW + timedelta(seconds=30)).tasks:
        pass
    assert len(runs_in(engine, "scheduled")) == 5
    assert next_due(engine) is None


def test_jitter_puts_a_run_off_by_its_own_share_and_keeps_its_time(engine: Engine) -> None:
    due = NOW.replace(minute=0)
    task = new_task(engine, schedule=EVERY_5_MINUTES, next_due_at=due, jitter=100, catch_up="none")
    expected = jittered(due, task_id=task, seconds=100)
    assert plan_at(engine, min(expected, due + timedelta(seconds=60))).missed == 0
    [run] = runs_in(engine, "scheduled")
    assert (run.scheduled_for, run.due_at) == (due, expected)
    assert due < run.due_at < due + timedelta(seconds=100)


def planned_runs(engine: Engine) -> int:
    """How many runs the only task counts."""
    with engine.connect() as connection:
        count: int = connection.execute(text("SELECT planned_runs FROM tasks")).scalar_one()
        return count
