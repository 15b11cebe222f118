"""Pauses in the ledger: what came due in one has a row once it is over."""

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from punctual.domain.runs.ledger import Reason
from punctual.store.ledger.entries import Noted, find_in_ledger, list_ledger
from punctual.store.lifecycle.planning.plan import plan
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import set_enabled
from tests.support.rows import WINDOW, new_task

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
EVERY_5_MINUTES = {"cron": "*/5 * * * *", "timezone": "UTC"}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def five_minutely(engine: Engine) -> uuid.UUID:
    return new_task(engine, schedule=EVERY_5_MINUTES, schedule_anchor=at(-60), next_due_at=at(5))


def pause(engine: Engine, task: uuid.UUID, now: datetime, until: datetime | None = None) -> None:
    with Session(engine) as session, session.begin():
        set_enabled(session, session.get_one(Task, task), enabled=False, now=now, until=until)


def resume(engine: Engine, task: uuid.UUID, now: datetime, until: datetime | None = None) -> None:
    with Session(engine) as session, session.begin():
        set_enabled(session, session.get_one(Task, task), enabled=True, now=now, until=until)


def rows(engine: Engine, task: uuid.UUID) -> list[Noted]:
    with engine.connect() as connection:
        return list_ledger(connection, task_id=task, page_size=100)


def test_an_hours_pause_is_one_row_of_twelve_due_times(engine: Engine) -> None:
    task = five_minutely(engine)
    pause(engine, task, at(2))
    assert rows(engine, task) == []
    resume(engine, task, at(62))
    [row] = rows(engine, task)
    assert (row.reason, row.because) == (Reason.PAUSED, "the task was paused")
    assert (row.scheduled_for, row.until, row.times) == (at(5), at(60), 12)
    with engine.connect() as connection:
        assert find_in_ledger(connection, task_id=task, due=at(30))
        assert find_in_ledger(connection, task_id=task, due=at(65)) is None


def test_what_is_due_at_a_pauses_own_end_is_not_left_out(engine: Engine) -> None:
    task = five_minutely(engine)
    pause(engine, task, at(2), until=at(10))
    resume(engine, task, at(9.5), until=at(10))  # a little ahead, as coordinators do
    [row] = rows(engine, task)
    assert (row.scheduled_for, row.until, row.times) == (at(5), None, 1)


def test_a_pause_that_is_prolonged_began_where_it_began(engine: Engine) -> None:
    task = five_minutely(engine)
    pause(engine, task, at(2), until=at(10))
    pause(engine, task, at(7), until=at(20))
    resume(engine, task, at(19.5), until=at(20))
    assert [(row.scheduled_for, row.times) for row in rows(engine, task)] == [(at(5), 3)]


def test_runs_that_were_planned_already_are_not_noted_twice(engine: Engine) -> None:
    task = five_minutely(engine)
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=10, now=at(4.8))
    pause(engine, task, at(4.9))
    resume(engine, task, at(16))
    later, withdrawn = rows(engine, task)
    assert (withdrawn.scheduled_for, withdrawn.times) == (at(5), 1)
    assert (later.scheduled_for, later.until, later.times) == (at(10), at(15), 2)


def test_a_pause_in_which_nothing_was_due_leaves_no_row(engine: Engine) -> None:
    task = five_minutely(engine)
    pause(engine, task, at(1))
    resume(engine, task, at(4))
    resume(engine, task, at(30))
    assert rows(engine, task) == []


def test_of_a_very_long_pause_the_row_says_that_not_all_were_counted(engine: Engine) -> None:
    task = new_task(engine, schedule={"every": 1}, schedule_anchor=NOON, next_due_at=NOON)
    pause(engine, task, NOON)
    resume(engine, task, at(60))
    [row] = rows(engine, task)
    assert (row.times, row.until) == (1000, at(60))
    assert row.because == "the task was paused; not all of its due times were counted"


def due_once(engine: Engine, when: datetime, *, saved: datetime = NOON) -> uuid.UUID:
    schedule = {"at": when.isoformat()}
    return new_task(engine, schedule=schedule, schedule_anchor=saved, next_due_at=when)


def next_due(engine: Engine, task: uuid.UUID) -> datetime | None:
    with Session(engine) as session:
        return session.get_one(Task, task).next_due_at


def test_a_time_alone_that_came_in_a_pause_is_not_made_up_for(engine: Engine) -> None:
    task = due_once(engine, at(5))
    pause(engine, task, at(2))
    resume(engine, task, at(6))
    assert next_due(engine, task) is None
    [row] = rows(engine, task)
    assert (row.reason, row.scheduled_for) == (Reason.PAUSED, at(5))


def test_a_time_alone_is_due_if_its_pause_ends_before_it(engine: Engine) -> None:
    task = due_once(engine, at(5))
    pause(engine, task, at(2))
    resume(engine, task, at(4))
    assert next_due(engine, task) == at(5)


def test_a_time_in_the_past_when_it_was_saved_is_due_when_a_pause_ends(engine: Engine) -> None:
    task = due_once(engine, at(1), saved=at(2))
    pause(engine, task, at(2))
    resume(engine, task, at(6))
    assert next_due(engine, task) == at(1)
