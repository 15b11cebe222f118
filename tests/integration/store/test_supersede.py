"""Edits win until the start: what a task's unstarted runs become when it changes."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Row, text
from sqlalchemy.orm import Session

from punctual.store.models import Task
from punctual.store.plan import plan
from punctual.store.tasks import change_task, delete_task, set_enabled
from tests.support.rows import WINDOW, new_run, new_task, run_row
from tests.support.steps import change_run, claim_run, finish_run, new_worker, start_held, start_run

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}
HALF_PAST = {"cron": "30 * * * *", "timezone": "UTC"}


@pytest.fixture
def task(engine: Engine) -> uuid.UUID:
    """A task whose run for 12:05 is planned."""
    made = new_task(engine, schedule=EVERY_5_MINUTES, schedule_anchor=NOON, next_due_at=at(5))
    plan_at(engine, at(4, 40))
    return made


def at(minute: int, second: int = 0) -> datetime:
    """A time after noon."""
    return NOON + timedelta(minutes=minute, seconds=second)


def plan_at(engine: Engine, now: datetime) -> int:
    """How many runs a pass of planning inserts then."""
    with engine.begin() as connection:
        return plan(connection, window=WINDOW, limit=10, now=now).runs


def alter(engine: Engine, task_id: uuid.UUID, change: Callable[[Session, Task], None]) -> None:
    """Change a task as the API does: locked, in one transaction."""
    with Session(engine) as session, session.begin():
        change(session, session.get_one(Task, task_id, with_for_update=True))


def edit(engine: Engine, task_id: uuid.UUID, *, now: datetime, **values: Any) -> None:
    """Give a task new values."""
    alter(engine, task_id, lambda session, task: change_task(session, task, values, now=now))


def enable(engine: Engine, task_id: uuid.UUID, enabled: bool, *, now: datetime) -> None:
    """Pause or resume a task."""
    alter(
        engine, task_id, lambda session, task: set_enabled(session, task, enabled=enabled, now=now)
    )


def runs(engine: Engine) -> list[Row[Any]]:
    """Every run in the order they were made."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM runs ORDER BY id")).all())


def next_due(engine: Engine) -> datetime | None:
    """When the only task is due next."""
    with engine.connect() as connection:
        due: datetime | None = connection.execute(
            text("SELECT next_due_at FROM tasks")
        ).scalar_one()
        return due


def test_a_new_command_reaches_the_run_that_waits_already(engine: Engine, task: uuid.UUID) -> None:
    [before] = runs(engine)
    edit(engine, task, now=at(4, 50), command="echo new", priority=9, max_retries=7)
    [after] = runs(engine)
    assert (after.id, after.fence, after.state) == (before.id, before.fence, "scheduled")
    assert after.spec["command"] == "echo new"
    assert (after.priority, after.max_attempts) == (9, 8)
    assert next_due(engine) == at(10)


def test_also_while_a_worker_holds_it(engine: Engine) -> None:
    worker = new_worker(engine)
    past = datetime.now(UTC) - timedelta(seconds=1)
    task = new_task(engine, schedule={"at": past.isoformat()}, schedule_anchor=past)
    run = new_run(engine, task)
    with engine.begin() as connection:
        moved = {"id": run, "at": past}
        connection.execute(text("UPDATE runs SET scheduled_for = :at WHERE id = :id"), moved)
    held = claim_run(engine, run, worker)
    edit(engine, task, now=datetime.now(UTC), command="echo new")
    [started] = start_held(engine, worker, (run, held.fence))
    assert started.spec["command"] == "echo new"


def test_what_runs_keeps_the_command_it_was_started_with(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, command="echo old")
    run = new_run(engine, task)
    start_run(engine, run, worker)
    edit(engine, task, now=datetime.now(UTC), command="echo new")
    assert run_row(engine, run).spec["command"] == "echo old"


def test_a_run_between_two_attempts_keeps_its_command_too(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, command="echo old", max_retries=1)
    run = new_run(engine, task)
    finish_run(engine, start_run(engine, run, worker), worker, "failed")
    edit(engine, task, now=datetime.now(UTC), command="echo new")
    row = run_row(engine, run)
    assert (row.state, row.spec["command"]) == ("scheduled", "echo old")


def test_a_new_schedule_withdraws_what_it_does_not_ask_for(engine: Engine, task: uuid.UUID) -> None:
    [before] = runs(engine)
    edit(engine, task, now=at(4, 50), schedule=HALF_PAST)
    [after] = runs(engine)
    assert (after.state, after.superseded, after.fence) == ("cancelled", True, before.fence + 1)
    assert after.reason == "superseded by edit"
    assert next_due(engine) == at(30)


def test_a_new_schedule_keeps_the_run_that_it_asks_for_as_well(
    engine: Engine, task: uuid.UUID
) -> None:
    edit(engine, task, now=at(4, 50), schedule={"cron": "5 * * * *", "timezone": "UTC"})
    [run] = runs(engine)
    assert run.state == "scheduled"
    assert next_due(engine) == at(65)


def test_a_schedule_changed_there_and_back_plans_the_due_time_again(
    engine: Engine, task: uuid.UUID
) -> None:
    edit(engine, task, now=at(4, 45), schedule=HALF_PAST)
    edit(engine, task, now=at(4, 50), schedule=EVERY_5_MINUTES)
    assert next_due(engine) == at(5)
    assert plan_at(engine, at(4, 55)) == 1
    withdrawn, again = runs(engine)
    assert (withdrawn.state, again.state) == ("cancelled", "scheduled")
    assert withdrawn.scheduled_for == again.scheduled_for == at(5)


def test_a_schedule_that_is_only_sent_again_changes_nothing(
    engine: Engine, task: uuid.UUID
) -> None:
    edit(engine, task, now=at(4, 50), schedule=dict(EVERY_5_MINUTES))
    [run] = runs(engine)
    assert (run.state, next_due(engine)) == ("scheduled", at(10))


def test_a_pause_withdraws_the_waiting_run_and_a_resume_plans_it_again(
    engine: Engine, task: uuid.UUID
) -> None:
    enable(engine, task, False, now=at(4, 45))
    [run] = runs(engine)
    assert (run.state, run.superseded) == ("cancelled", True)
    assert "paused" in run.reason
    assert next_due(engine) is None
    enable(engine, task, True, now=at(4, 50))
    assert next_due(engine) == at(5)
    assert plan_at(engine, at(4, 55)) == 1


def test_what_came_due_during_a_pause_is_not_made_up_for(engine: Engine, task: uuid.UUID) -> None:
    enable(engine, task, False, now=at(4, 45))
    enable(engine, task, True, now=at(17))
    assert next_due(engine) == at(20)


def test_an_edit_keeps_what_an_outage_left_behind(engine: Engine, task: uuid.UUID) -> None:
    edit(engine, task, now=at(42), command="echo new")
    assert next_due(engine) == at(10)


def test_a_run_asked_for_by_hand_outlives_a_pause(engine: Engine, task: uuid.UUID) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET trigger = 'manual'"))
    enable(engine, task, False, now=at(4, 45))
    assert [run.state for run in runs(engine)] == ["scheduled"]


def test_a_deleted_task_takes_every_unfinished_run_along(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    waiting, running = new_run(engine, task), new_run(engine, task)
    start_run(engine, running, worker)
    alter(engine, task, lambda session, it: delete_task(session, it, now=datetime.now(UTC)))
    assert run_row(engine, waiting).state == "cancelled"
    assert "deleted" in run_row(engine, waiting).reason
    assert run_row(engine, running).cancel_requested_at is not None
    assert next_due(engine) is None


def test_a_time_that_has_had_its_run_is_not_planned_again_by_an_edit(engine: Engine) -> None:
    schedule = {"at": at(5).isoformat()}
    task = new_task(engine, schedule=schedule, schedule_anchor=NOON, next_due_at=at(5))
    assert plan_at(engine, at(4, 40)) == 1
    edit(engine, task, now=at(6), command="echo new")
    assert next_due(engine) is None
    assert plan_at(engine, at(6)) == 0


def test_a_time_whose_run_is_pruned_is_not_run_again_by_an_edit(engine: Engine) -> None:
    task = new_task(engine, schedule={"at": at(5).isoformat()}, schedule_anchor=NOON)
    edit(engine, task, now=at(60), command="echo new")
    assert next_due(engine) is None


def test_a_schedule_added_beside_the_first_loses_no_due_time(
    engine: Engine, task: uuid.UUID
) -> None:
    sooner = {"at": at(4, 55).isoformat()}
    edit(engine, task, now=at(4, 50), schedule=[EVERY_5_MINUTES, sooner])
    assert next_due(engine) == at(4, 55)
    assert plan_at(engine, at(4, 51)) == 1
    assert [run.scheduled_for for run in runs(engine)] == [at(5), at(4, 55)]
    assert [run.state for run in runs(engine)] == ["scheduled", "scheduled"]
    assert next_due(engine) == at(10)


def test_a_past_time_in_a_list_is_due_at_once_and_only_once(
    engine: Engine, task: uuid.UUID
) -> None:
    past = {"at": at(-60).isoformat()}
    edit(engine, task, now=at(4, 50), schedule=[EVERY_5_MINUTES, past])
    [_, made] = runs(engine)
    assert (made.scheduled_for, made.due_at, made.state) == (at(-60), at(4, 50), "scheduled")
    with engine.begin() as connection:  # long after, when its run is pruned
        connection.execute(text("DELETE FROM runs WHERE id = :id"), {"id": made.id})
    edit(engine, task, now=at(4, 52), schedule=[EVERY_5_MINUTES, past, {"every": 3600}])
    assert len(runs(engine)) == 1


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


def test_every_edit_is_a_new_version(engine: Engine, task: uuid.UUID) -> None:
    edit(engine, task, now=at(4, 50), command="echo new")
    enable(engine, task, True, now=at(4, 51))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version FROM tasks")).scalar_one() == 2


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
