"""Runs that a person asks for, and what each writer says to the ones who wait."""

import json
import select
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from punctual.domain.runs.states import FINAL, RunState, Trigger
from punctual.store.driver.notify import CANCEL_CHANNEL, DUE_CHANNEL, wake_if_due
from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.claim import release
from punctual.store.lifecycle.reap import reap_claimed, reap_running
from punctual.store.lifecycle.run_now import retry_run, run_now
from punctual.store.processes.workers import leave
from punctual.store.schema.models import Run, Task
from tests.support.rows import database_now, new_run, new_task, new_team, run_row
from tests.support.steps import claim_run, finish_run, new_worker, start_run


@contextmanager
def hearing(database_url: str, channel: str) -> Iterator[list[str]]:
    """What is said on a channel while this lasts; complete once it is over."""
    received: list[str] = []
    dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg2.connect(dsn)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'LISTEN "{channel}"')
            yield received
            cursor.execute(f"NOTIFY \"{channel}\", 'that is all'")
            while not (received and received[-1] == "that is all"):
                assert select.select([connection], [], [], 10)[0] or connection.notifies
                connection.poll()
                received += [note.payload for note in connection.notifies]
                connection.notifies.clear()
        received.pop()
    finally:
        connection.close()


def run_it(engine: Engine, task_id: uuid.UUID, trigger: Trigger = Trigger.MANUAL) -> uuid.UUID:
    """Press "run now"."""
    with Session(engine) as session, session.begin():
        return run_now(session.connection(), task=session.get_one(Task, task_id), trigger=trigger)


def test_run_now_is_due_at_once_also_for_a_paused_task(engine: Engine) -> None:
    before = database_now(engine)
    row = run_row(engine, run_it(engine, new_task(engine, enabled=False)))
    assert (row.state, row.trigger) == ("scheduled", "manual")
    assert before <= row.due_at == row.scheduled_for <= database_now(engine)


def test_pressed_twice_it_makes_two_runs(engine: Engine) -> None:
    task = new_task(engine)
    assert run_it(engine, task) != run_it(engine, task)


@pytest.mark.parametrize("state", RunState)
def test_only_a_final_run_can_be_asked_for_again(engine: Engine, state: RunState) -> None:
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, new_task(engine))
        again = retry_run(session.connection(), task=task, run=Run(state=state))
        trigger = again and run_row(session.connection(), again).trigger
    assert trigger == ("retry" if state in FINAL else None)


def test_run_now_wakes_a_coordinator(engine: Engine, database_url: str) -> None:
    with hearing(database_url, DUE_CHANNEL) as received:
        run_it(engine, new_task(engine))
    assert received == [""]


def test_nothing_is_notified_before_the_commit_and_nothing_after_a_rollback(
    engine: Engine, database_url: str
) -> None:
    task_id = new_task(engine)
    with hearing(database_url, DUE_CHANNEL) as received, Session(engine) as session:
        run_now(session.connection(), task=session.get_one(Task, task_id))
        session.rollback()
    assert received == []


@pytest.mark.parametrize(("due_in", "notifications"), [(-5, 1), (29, 1), (31, 0), (None, 0)])
def test_a_task_wakes_a_coordinator_only_when_it_is_due_inside_the_window(
    engine: Engine, database_url: str, due_in: int | None, notifications: int
) -> None:
    now = datetime.now(UTC)
    due = None if due_in is None else now + timedelta(seconds=due_in)
    with hearing(database_url, DUE_CHANNEL) as received, engine.begin() as connection:
        wake_if_due(connection, due, now=now, window=timedelta(seconds=30))
    assert len(received) == notifications


@pytest.mark.parametrize(("outcome", "notifications"), [("failed", 1), ("succeeded", 0)])
def test_a_retry_wakes_a_coordinator_and_an_end_does_not(
    engine: Engine, database_url: str, outcome: str, notifications: int
) -> None:
    worker = new_worker(engine)
    started = start_run(engine, new_run(engine, new_task(engine, max_retries=1)), worker)
    with hearing(database_url, DUE_CHANNEL) as received:
        finish_run(engine, started, worker, outcome)
    assert len(received) == notifications


def test_an_end_wakes_a_coordinator_for_the_run_that_queued_behind_it(
    engine: Engine, database_url: str
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="queue")
    first, _second = new_run(engine, task), new_run(engine, task)
    started = start_run(engine, first, worker)
    with hearing(database_url, DUE_CHANNEL) as received:
        finish_run(engine, started, worker, "succeeded")
    assert received == [""]


def test_what_is_given_back_or_taken_back_wakes_a_coordinator(
    engine: Engine, database_url: str
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow", max_retries=1)
    first, second = new_run(engine, task), new_run(engine, task)
    claimed = claim_run(engine, first, worker)
    with hearing(database_url, DUE_CHANNEL) as received, engine.begin() as connection:
        release(connection, worker_id=worker, claims=[(first, claimed.fence)])
    assert received == [""]
    claim_run(engine, first, worker)
    start_run(engine, second, worker)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
    for reap in (reap_claimed, reap_running):
        with hearing(database_url, DUE_CHANNEL) as received, engine.begin() as connection:
            assert len(reap(connection, batch_size=10)) == 1
        assert received == [""]


@pytest.mark.parametrize("running", [True, False])
def test_a_cancel_notifies_the_worker_that_runs_it(
    engine: Engine, database_url: str, running: bool
) -> None:
    worker, team = new_worker(engine), new_team(engine)
    run = new_run(engine, new_task(engine, team_id=team))
    if running:
        start_run(engine, run, worker)
    with hearing(database_url, CANCEL_CHANNEL) as received, engine.begin() as connection:
        cancel_run(connection, run_id=run, team_id=team)
    expected = [{"worker": str(worker), "run": str(run)}] if running else []
    assert [json.loads(payload) for payload in received] == expected
