"""The resumer: a pause that has an end ends, and nothing due right then is lost."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from punctual.store.lifecycle.planning.plan import plan
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task, set_enabled
from punctual_coordinator.duties.resumer import Resumer, ResumeResult
from tests.integration.coordinator.settings_of_duties import WINDOW, all_runs, task_row
from tests.support.rows import new_task

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
UNTIL = NOON + timedelta(hours=1)
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}


@pytest.fixture
def resumer(engine: Engine) -> Resumer:
    return Resumer(engine, window=WINDOW, batch=2)


def paused(engine: Engine, **values: Any) -> uuid.UUID:
    """A task that is paused from noon to one."""
    schedule = {"schedule": EVERY_5_MINUTES, "schedule_anchor": NOON}
    task_id = new_task(engine, **{**schedule, "next_due_at": NOON, **values})
    pause(engine, task_id, until=UNTIL)
    return task_id


def pause(engine: Engine, task_id: uuid.UUID, *, until: datetime | None) -> None:
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id, with_for_update=True)
        set_enabled(session, task, enabled=False, now=NOON, until=until)


def test_what_is_due_the_moment_a_pause_ends_is_planned_in_time_and_nothing_before(
    engine: Engine, resumer: Resumer
) -> None:
    task = paused(engine)
    assert resumer.run_once(now=UNTIL - WINDOW - timedelta(seconds=1)) == ResumeResult()
    just_before = UNTIL - timedelta(seconds=30)
    assert resumer.run_once(now=just_before) == ResumeResult(resumed=1)
    assert task_row(engine, task).next_due_at == UNTIL
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=10, now=just_before)
    assert [run.scheduled_for for run in all_runs(engine)] == [UNTIL]
    assert resumer.run_once(now=UNTIL) == ResumeResult()


def test_an_edit_just_before_the_end_starts_nothing_early(engine: Engine, resumer: Resumer) -> None:
    task_id = paused(engine)
    just_before = UNTIL - timedelta(seconds=30)
    resumer.run_once(now=just_before)
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, task_id, with_for_update=True)
        change_task(session, task, {"schedule": {"every": 10}}, now=just_before)
    assert task_row(engine, task_id).next_due_at == UNTIL


def test_due_times_after_the_end_are_left_to_catch_up_when_no_coordinator_was_there(
    engine: Engine, resumer: Resumer
) -> None:
    task = paused(engine)
    assert resumer.run_once(now=UNTIL + timedelta(hours=2)) == ResumeResult(resumed=1)
    assert task_row(engine, task).next_due_at == UNTIL


def test_a_pause_without_an_end_and_a_deleted_task_stay_as_they_are(
    engine: Engine, resumer: Resumer
) -> None:
    pause(engine, paused(engine), until=None)
    paused(engine, deleted_at=NOON)
    assert resumer.run_once(now=UNTIL) == ResumeResult()


def test_an_unreadable_schedule_delays_no_other_task(engine: Engine, resumer: Resumer) -> None:
    broken, *others = [paused(engine) for _ in range(3)]
    with Session(engine) as session, session.begin():
        session.get_one(Task, broken).schedule = {"lunar": "full"}
    assert resumer.run_once(now=UNTIL) == ResumeResult(resumed=3)
    assert "none of at, cron and every" in task_row(engine, broken).plan_error
    assert all(task_row(engine, task).next_due_at == UNTIL for task in others)
