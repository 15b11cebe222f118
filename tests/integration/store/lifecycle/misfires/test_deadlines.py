"""Start deadlines: a run that is missed says what kept it from its start."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.store.concurrency.limits import create_limit
from punctual.store.ledger.entries import list_ledger
from punctual.store.lifecycle.dispatch import mark_missed
from punctual.store.processes.workers import leave
from tests.support.rows import database_now, dispatch_all, new_run, new_task, new_team, run_row
from tests.support.steps import change_run, finish_run, new_worker, start_run

LAST_BEAT = """
UPDATE workers SET heartbeat_at = now() - interval '4 min', up_since = now() - interval '1 h'
"""
BACK_NOW = """
INSERT INTO last_pass (at, since) VALUES (now(), now());
INSERT INTO coordinator_stops (from_at, to_at) VALUES (now() - interval '4 min', now())
"""


def missed_later(engine: Engine, run: uuid.UUID) -> tuple[str, str]:
    """The code and the reason of a run whose start deadline has passed."""
    later = database_now(engine) + timedelta(minutes=1)
    with engine.begin() as connection:
        assert mark_missed(connection, batch_size=9, now=later) == [run]
    row = run_row(engine, run)
    with engine.connect() as connection:
        [noted] = [
            n for n in list_ledger(connection, task_id=row.task_id, page_size=9) if n.run_id == run
        ]
    assert (noted.reason, noted.because) == ("missed", row.reason)
    return row.reason_code, row.reason


def behind_a_limit(engine: Engine) -> tuple[uuid.UUID, object, uuid.UUID]:
    """A run that waits for the limit of a tag, and what fills it."""
    team, worker = new_team(engine), new_worker(engine)
    with Session(engine) as session, session.begin():
        create_limit(session, team_id=team, tag="db", max_concurrent=1)
    first = start_run(engine, new_run(engine, new_task(engine, team_id=team, tags=["db"])), worker)
    task = new_task(engine, team_id=team, tags=["db"], start_deadline=5)
    run = new_run(engine, task)
    return run, first, worker


def test_behind_a_full_limit_it_names_the_limit(engine: Engine) -> None:
    run, _, _ = behind_a_limit(engine)
    assert dispatch_all(engine) == []
    reason = "start deadline passed: tag db has reached its limit of 1 concurrent run"
    assert missed_later(engine, run) == ("limit", reason)


def test_a_limit_that_has_room_again_by_then_is_still_the_reason(engine: Engine) -> None:
    run, first, worker = behind_a_limit(engine)
    change_run(engine, run, due_at=database_now(engine) - timedelta(seconds=2))
    assert dispatch_all(engine) == []  # this notes what it waits for
    finish_run(engine, first, worker, "succeeded")  # type: ignore[arg-type]  # a Started
    assert missed_later(engine, run)[0] == "limit"


def test_behind_another_run_of_its_task_it_names_that_run(engine: Engine) -> None:
    task = new_task(engine, overlap="queue", start_deadline=5)
    first = new_run(engine, task)
    start_run(engine, first, new_worker(engine))
    second = new_run(engine, task)
    reason = f"start deadline passed: run {first} of the same task is not finished"
    assert missed_later(engine, second) == ("other_run", reason)


def test_with_every_slot_taken_it_says_so(engine: Engine) -> None:
    worker = new_worker(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET slots = 2"))
    for _ in range(2):
        start_run(engine, new_run(engine, new_task(engine)), worker)
    run = new_run(engine, new_task(engine, start_deadline=5))
    dispatch_all(engine)
    reason = "start deadline passed: all 2 slots of queue default are busy"
    assert missed_later(engine, run) == ("no_slot", reason)


@pytest.mark.parametrize("state", ["scheduled", "queued"])
def test_left_by_a_stop_of_everything_it_says_what_was_not_running(
    engine: Engine, state: str
) -> None:
    before = new_worker(engine)
    run = new_run(engine, new_task(engine, start_deadline=5))
    if state == "queued":
        dispatch_all(engine)
    with engine.begin() as connection:
        leave(connection, worker_id=before)
        connection.execute(text(LAST_BEAT))
        connection.execute(text(BACK_NOW))
    age = timedelta(minutes=3)
    row = run_row(engine, run)
    change_run(engine, run, due_at=row.due_at - age, start_by=row.start_by - age)
    new_worker(engine)
    code, reason = missed_later(engine, run)
    assert code == "nothing_running"
    assert reason.startswith("start deadline passed: no coordinator or worker was running from ")


def test_a_queued_run_blames_no_coordinator(engine: Engine) -> None:
    new_worker(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET up_since = now() - interval '1 h'"))
    run = new_run(engine, new_task(engine, start_deadline=5))
    dispatch_all(engine)
    with engine.begin() as connection:
        late = "INSERT INTO last_pass (at, since) VALUES (now(), now() + interval '30 s')"
        connection.execute(text(late))
    assert missed_later(engine, run)[0] == "not_claimed"


def test_a_missed_run_returns_its_place(engine: Engine) -> None:
    task = new_task(engine, start_deadline=5, max_runs=3, planned_runs=1)
    missed_later(engine, new_run(engine, task))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT planned_runs FROM tasks")).scalar_one() == 0
