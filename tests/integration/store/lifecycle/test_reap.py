"""Bury and reap: what a dead worker held is taken back once, and it can do no more harm."""

import uuid
from datetime import timedelta

from sqlalchemy import Engine

from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.reap import Buried, bury, reap_claimed, reap_overdue, reap_running
from punctual.store.processes.workers import beat, leave, register, runs_of_worker
from tests.support.rows import (
    attempts_of,
    database_now,
    new_run,
    new_task,
    new_team,
    run_row,
)
from tests.support.steps import (
    LEASE,
    claim_run,
    finish_run,
    new_worker,
    silence,
    start_claims,
    start_run,
)


def bury_the_silent(engine: Engine) -> list[Buried]:
    """Who was silent for longer than the lease."""
    with engine.begin() as connection:
        return bury(connection, lease=LEASE)


def answers(engine: Engine, worker_id: uuid.UUID, *, draining: bool = False) -> bool:
    """Whether the worker's heartbeat renews its lease."""
    with engine.begin() as connection:
        return beat(connection, worker_id=worker_id, room=3, draining=draining) is not None


def test_a_buried_worker_learns_it_at_its_next_beat_and_stays_buried(engine: Engine) -> None:
    worker = new_worker(engine, name="w-1")
    silence(engine, worker, seconds=31)
    assert bury_the_silent(engine) == [Buried(worker, "w-1")]
    assert not answers(engine, worker)
    assert bury_the_silent(engine) == []


def test_a_beat_renews_the_lease_and_returns_the_room_elsewhere(engine: Engine) -> None:
    worker, _other = new_worker(engine), new_worker(engine)
    new_worker(engine, state="draining")
    silence(engine, worker, seconds=31)
    with engine.begin() as connection:
        answer = beat(connection, worker_id=worker, room=3)
    assert answer is not None
    assert answer.room_elsewhere == 16
    assert bury_the_silent(engine) == []


def test_a_beat_that_is_on_its_way_saves_the_worker(engine: Engine) -> None:
    worker = new_worker(engine)
    silence(engine, worker, seconds=31)
    with engine.connect() as connection:
        assert beat(connection, worker_id=worker, room=3) is not None
        assert bury_the_silent(engine) == []  # locked by the beat: stepped over, not waited for
        connection.commit()
    assert answers(engine, worker)


def test_a_worker_that_comes_back_has_a_new_id(engine: Engine) -> None:
    with engine.begin() as connection:
        first = register(connection, name="w", host="h", pid=1, slots=4)
        leave(connection, worker_id=first)
        second = register(connection, name="w", host="h", pid=1, slots=4)
    assert first != second
    assert answers(engine, second)
    assert not answers(engine, first)


def test_a_living_workers_runs_are_never_reaped(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    start_run(engine, new_run(engine, task), worker)
    claim_run(engine, new_run(engine, task), worker)
    assert answers(engine, worker, draining=True)
    with engine.begin() as connection:
        assert reap_claimed(connection, batch_size=10) == []
        assert reap_running(connection, batch_size=10) == []
        assert {claimed.state for claimed in runs_of_worker(connection, worker_id=worker)} == {
            "claimed",
            "running",
        }


def test_a_reaped_claim_is_worth_nothing_to_its_old_holder(engine: Engine) -> None:
    zombie, heir = new_worker(engine), new_worker(engine)
    run = new_run(engine, new_task(engine))
    claimed = claim_run(engine, run, zombie)
    silence(engine, zombie, seconds=31)
    bury_the_silent(engine)
    with engine.begin() as connection:
        assert reap_claimed(connection, batch_size=10) == [run]
    assert start_claims(engine, zombie, (run, claimed.fence)) == []
    started = start_run(engine, run, heir)
    assert (started.attempt, started.fence) == (1, claimed.fence + 2)


def test_a_run_that_was_cancelled_while_its_worker_died_ends_cancelled(engine: Engine) -> None:
    worker, team = new_worker(engine), new_team(engine)
    run = new_run(engine, new_task(engine, team_id=team, max_retries=5))
    start_run(engine, run, worker)
    with engine.begin() as connection:
        cancel_run(connection, run_id=run, team_id=team)
        leave(connection, worker_id=worker)
        assert [settled.state for settled in reap_running(connection, batch_size=10)] == [
            "cancelled"
        ]
    assert [attempt.state for attempt in attempts_of(engine, run)] == ["cancelled"]


def test_two_reapers_at_once_take_each_run_once(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    start_run(engine, run, worker)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
    with engine.connect() as first, engine.begin() as second:
        assert len(reap_running(first, batch_size=10)) == 1
        assert reap_running(second, batch_size=10) == []
        first.commit()
    assert len(attempts_of(engine, run)) == 1


def test_a_report_and_the_reaper_at_once_decide_a_run_once(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
    with engine.connect() as connection:
        assert len(reap_running(connection, batch_size=10)) == 1
        connection.rollback()
    finish_run(engine, started, worker, "succeeded")
    with engine.begin() as connection:
        assert reap_running(connection, batch_size=10) == []
    assert run_row(engine, run).state == "succeeded"


def test_a_limit_leaves_the_later_ones_for_the_next_step(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    late, early = new_run(engine, task, due_in=-1), new_run(engine, task, due_in=-9)
    for run in (late, early):
        claim_run(engine, run, worker)
    with engine.begin() as connection:
        leave(connection, worker_id=worker)
        assert reap_claimed(connection, batch_size=1) == [early]
        assert reap_claimed(connection, batch_size=1) == [late]


def test_the_lease_is_measured_from_the_last_beat_to_the_millisecond(engine: Engine) -> None:
    worker = new_worker(engine)
    with engine.begin() as connection:
        answer = beat(connection, worker_id=worker, room=1)
        assert answer is not None
    early, late = answer.now + timedelta(seconds=29.9), answer.now + timedelta(seconds=30.1)
    with engine.begin() as connection:
        assert bury(connection, lease=LEASE, now=early) == []
        assert len(bury(connection, lease=LEASE, now=late)) == 1


def take_overdue(engine: Engine, *, in_seconds: float) -> list[uuid.UUID]:
    """The claims that are taken back from living workers `in_seconds` from now."""
    now = database_now(engine) + timedelta(seconds=in_seconds)
    with engine.begin() as connection:
        return [run_id for run_id, _ in reap_overdue(connection, batch_size=10, now=now)]


def test_a_claim_that_a_living_worker_does_not_start_is_taken_back_30_s_after_it_was_due(
    engine: Engine,
) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine), due_in=20)
    claimed = claim_run(engine, run, worker)
    assert take_overdue(engine, in_seconds=45) == []
    assert take_overdue(engine, in_seconds=51) == [run]
    row = run_row(engine, run)
    assert (row.state, row.worker_id, row.fence) == ("scheduled", None, claimed.fence + 1)
    assert start_claims(engine, worker, (run, claimed.fence)) == []
    assert take_overdue(engine, in_seconds=51) == []


def test_a_claim_that_was_long_overdue_already_has_its_30_s(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine), due_in=-3600)
    claim_run(engine, run, worker)
    assert take_overdue(engine, in_seconds=25) == []
    assert take_overdue(engine, in_seconds=31) == [run]


def test_a_claim_that_waits_for_a_slot_of_a_busy_worker_stays(engine: Engine) -> None:
    worker = new_worker(engine)
    for _ in range(16):
        start_run(engine, new_run(engine, new_task(engine)), worker)
    claim_run(engine, new_run(engine, new_task(engine)), worker)
    assert take_overdue(engine, in_seconds=60) == []


def test_a_claim_that_waits_for_another_run_of_its_task_stays(engine: Engine) -> None:
    worker = new_worker(engine)
    task = new_task(engine)
    claim_run(engine, new_run(engine, task, due_in=5), worker)
    start_run(engine, new_run(engine, task), worker)
    assert take_overdue(engine, in_seconds=60) == []


def test_what_runs_is_not_taken_back_however_long_it_takes(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine))
    start_run(engine, run, worker)
    assert take_overdue(engine, in_seconds=3600) == []
