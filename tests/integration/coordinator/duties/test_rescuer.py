"""The rescuer: buries the silent, never the living, and loses nothing they held."""

import uuid
from datetime import timedelta

import psycopg2
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from punctual.store.processes.workers import leave
from punctual_coordinator.duties.rescuer import Rescuer, RescueResult
from punctual_coordinator.liveness.database_contact import DatabaseContact
from tests.support.age import age
from tests.support.rows import attempts_of, database_now, new_run, new_task, run_row
from tests.support.steps import change_run, claim_run, new_worker, silence, start_run
from tests.support.uptime import up_for

LEASE = timedelta(seconds=30)


@pytest.fixture
def rescuer(engine: Engine) -> Rescuer:
    """A rescuer at a database that was up for long enough."""
    up_for(engine, seconds=3600)
    return Rescuer(engine, DatabaseContact(), lease=LEASE, batch=2)


def state_of(engine: Engine, worker_id: uuid.UUID) -> str:
    """A worker's state."""
    with engine.connect() as connection:
        statement = text("SELECT state FROM workers WHERE id = :id")
        return str(connection.execute(statement, {"id": worker_id}).scalar_one())


def test_with_nothing_wrong_it_does_nothing(engine: Engine, rescuer: Rescuer) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine))
    start_run(engine, run, worker)
    assert rescuer.run_once() == RescueResult()
    assert (state_of(engine, worker), run_row(engine, run).state) == ("active", "running")


def test_a_worker_silent_for_longer_than_its_lease_is_buried(
    engine: Engine, rescuer: Rescuer
) -> None:
    silent, draining, fresh = (new_worker(engine, name=name) for name in "abc")
    silence(engine, silent, seconds=31)
    silence(engine, draining, seconds=31)
    silence(engine, fresh, seconds=25)
    assert rescuer.run_once() == RescueResult(buried=2)
    states = [state_of(engine, worker) for worker in (silent, draining, fresh)]
    assert states == ["gone", "gone", "active"]


def test_heartbeats_are_compared_with_the_given_time(engine: Engine, rescuer: Rescuer) -> None:
    new_worker(engine)
    now = database_now(engine)
    assert rescuer.run_once(now=now + timedelta(seconds=29)) == RescueResult()
    assert rescuer.run_once(now=now + timedelta(seconds=31)) == RescueResult(buried=1)


def test_what_a_dead_worker_had_not_started_is_put_back_whole(
    engine: Engine, rescuer: Rescuer
) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    runs = [new_run(engine, task) for _ in range(3)]
    fences = [claim_run(engine, run, worker).fence for run in runs]
    silence(engine, worker, seconds=31)
    assert rescuer.run_once() == RescueResult(buried=1, put_back=3)
    for run, fence in zip(runs, fences, strict=True):
        row = run_row(engine, run)
        assert (row.state, row.fence, row.attempt) == ("scheduled", fence + 1, 0)
        assert (row.worker_id, row.worker) == (None, None)


def test_what_a_dead_worker_ran_is_tried_again_while_attempts_are_left(
    engine: Engine, rescuer: Rescuer
) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, max_retries=1))
    started = start_run(engine, run, worker)
    silence(engine, worker, seconds=31)
    assert rescuer.run_once() == RescueResult(buried=1, ended=1)
    row = run_row(engine, run)
    assert (row.state, row.fence, row.attempt) == ("scheduled", started.fence + 1, 1)
    assert row.due_at > database_now(engine)
    [attempt] = attempts_of(engine, run)
    assert (attempt.state, attempt.attempt, attempt.worker) == ("lost", 1, "worker-1")


def test_what_a_dead_worker_ran_at_most_once_is_lost(engine: Engine, rescuer: Rescuer) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, max_retries=0))
    start_run(engine, run, worker)
    silence(engine, worker, seconds=31)
    assert rescuer.run_once() == RescueResult(buried=1, ended=1)
    row = run_row(engine, run)
    assert row.state == "lost"
    assert "worker-1" in row.reason


def restarted(engine: Engine) -> int:
    """How many workers a coordinator buries that was started just now."""
    return Rescuer(engine, DatabaseContact(), lease=LEASE).run_once().buried


def test_a_coordinator_that_was_just_started_buries_what_is_silent(engine: Engine) -> None:
    silence(engine, new_worker(engine), seconds=31)
    up_for(engine, seconds=31)
    assert restarted(engine) == 1


def test_coordinators_that_are_restarted_again_and_again_bury_on_time(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, max_retries=1))
    start_run(engine, run, worker)
    assert restarted(engine) == 0
    buried = []
    for _ in range(4):  # the worker is dead, and a new coordinator comes every 10 s
        age(engine, timedelta(seconds=10))
        buried.append(restarted(engine))
    assert buried == [0, 0, 1, 0]
    assert run_row(engine, run).state == "scheduled"


def test_after_a_gap_in_which_none_could_beat_the_silent_have_a_whole_lease(
    engine: Engine,
) -> None:
    living, dead = new_worker(engine, name="living"), new_worker(engine, name="dead")
    up_for(engine, seconds=3600)
    age(engine, timedelta(seconds=120))  # the database was away, or every process was frozen
    assert restarted(engine) == 0
    silence(engine, living, seconds=0)
    age(engine, timedelta(seconds=14))
    assert restarted(engine) == 0
    age(engine, timedelta(seconds=14))
    silence(engine, living, seconds=0)
    assert restarted(engine) == 0
    age(engine, timedelta(seconds=2.5))
    assert restarted(engine) == 1
    assert (state_of(engine, living), state_of(engine, dead)) == ("active", "gone")


def test_a_coordinator_that_lost_the_database_waits_a_whole_lease_from_its_return(
    engine: Engine,
) -> None:
    silence(engine, new_worker(engine), seconds=3600)
    up_for(engine, seconds=3600)
    clock = [0.0]
    contact = DatabaseContact(clock=lambda: clock[0])
    rescuer = Rescuer(engine, contact, lease=LEASE)
    contact.failed(OperationalError("SELECT 1", None, psycopg2.OperationalError("closed")))
    contact.made()
    for clock[0] in (0.0, 29.0):
        assert rescuer.run_once() == RescueResult()
    clock[0] = 30.0
    assert rescuer.run_once() == RescueResult(buried=1)


def test_what_a_worker_left_behind_in_good_order_needs_no_waiting(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine))
    claim_run(engine, run, worker)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
    fresh = Rescuer(engine, DatabaseContact(), lease=LEASE)
    assert fresh.run_once() == RescueResult(put_back=1)
    assert run_row(engine, run).state == "scheduled"


@pytest.mark.parametrize("queued", [False, True])
def test_a_run_past_its_start_deadline_is_missed(
    engine: Engine, rescuer: Rescuer, queued: bool
) -> None:
    run = new_run(engine, new_task(engine, start_deadline=60))
    if queued:
        change_run(engine, run, state="queued")
    now = database_now(engine)
    assert rescuer.run_once(now=now + timedelta(seconds=55)) == RescueResult()
    assert rescuer.run_once(now=now + timedelta(seconds=61)).missed == 1
    row = run_row(engine, run)
    assert row.state == "missed"
    assert row.reason.startswith("start deadline passed")


def test_an_overdue_claim_of_a_living_worker_is_put_back(engine: Engine, rescuer: Rescuer) -> None:
    run = new_run(engine, new_task(engine))
    claim_run(engine, run, new_worker(engine))
    later = database_now(engine) + timedelta(seconds=31)
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET heartbeat_at = :later"), {"later": later})
    assert rescuer.run_once(now=later) == RescueResult(put_back=1)
    assert run_row(engine, run).state == "scheduled"


def test_no_claim_is_taken_back_while_workers_may_only_come_out_of_an_outage(
    engine: Engine,
) -> None:
    run = new_run(engine, new_task(engine))
    claim_run(engine, run, new_worker(engine))
    later = database_now(engine) + timedelta(seconds=31)
    fresh = Rescuer(engine, DatabaseContact(), lease=LEASE)
    assert fresh.run_once(now=later).put_back == 0
    assert run_row(engine, run).state == "claimed"
