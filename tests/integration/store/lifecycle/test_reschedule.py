"""Edits win until the start: what a task's unstarted runs become when it changes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.store.tasks.changes import delete_task
from tests.integration.store.lifecycle.edits import (
    EVERY_5_MINUTES,
    HALF_PAST,
    NOON,
    alter,
    at,
    edit,
    enable,
    next_due,
    plan_at,
    runs,
)
from tests.support.rows import new_run, new_task, run_row
from tests.support.steps import claim_run, finish_run, new_worker, start_claims, start_run


@pytest.fixture
def task(engine: Engine) -> uuid.UUID:
    """A task whose run for 12:05 is planned."""
    made = new_task(engine, schedule=EVERY_5_MINUTES, schedule_anchor=NOON, next_due_at=at(5))
    plan_at(engine, at(4, 40))
    return made


def test_a_new_command_reaches_the_run_that_waits_already(engine: Engine, task: uuid.UUID) -> None:
    [before] = runs(engine)
    edit(engine, task, now=at(4, 50), command="echo new", priority=9, max_retries=7)
    [after] = runs(engine)
    assert (after.id, after.fence, after.state) == (before.id, before.fence, "scheduled")
    assert after.spec["command"] == "echo new"
    assert (after.priority, after.max_attempts) == (9, 8)
    assert next_due(engine) == at(10)


def test_a_claimed_run_is_refreshed_too(engine: Engine) -> None:
    worker = new_worker(engine)
    past = datetime.now(UTC) - timedelta(seconds=1)
    task = new_task(engine, schedule={"at": past.isoformat()}, schedule_anchor=past)
    run = new_run(engine, task)
    with engine.begin() as connection:
        moved = {"id": run, "at": past}
        connection.execute(text("UPDATE runs SET scheduled_for = :at WHERE id = :id"), moved)
    claimed = claim_run(engine, run, worker)
    edit(engine, task, now=datetime.now(UTC), command="echo new")
    [started] = start_claims(engine, worker, (run, claimed.fence))
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


def test_a_second_schedule_loses_no_due_time_of_the_first(engine: Engine, task: uuid.UUID) -> None:
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


def test_every_edit_is_a_new_version(engine: Engine, task: uuid.UUID) -> None:
    edit(engine, task, now=at(4, 50), command="echo new")
    enable(engine, task, True, now=at(4, 51))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version FROM tasks")).scalar_one() == 2
