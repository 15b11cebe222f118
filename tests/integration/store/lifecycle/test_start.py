"""Start: the one step that spends an attempt, and everything that forbids it."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.start import note_started, start
from tests.support.rows import database_now, new_run, new_task, new_team, run_row
from tests.support.steps import (
    LEASE,
    change_run,
    claim_run,
    finish_run,
    new_worker,
    silence,
    start_claims,
    start_run,
)


def test_a_start_counts_the_attempt_and_hands_out_the_command(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, command="echo hi"))
    claimed = claim_run(engine, run, worker)
    [started] = start_claims(engine, worker, (run, claimed.fence))
    assert (started.run_id, started.fence, started.attempt) == (run, claimed.fence, 1)
    assert started.spec["command"] == "echo hi"
    row = run_row(engine, run)
    assert (row.state, row.attempt, row.fence) == ("running", 1, claimed.fence)


def test_repeated_after_a_lost_commit_it_answers_the_same_attempt(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=5))
    claimed = claim_run(engine, run, worker)
    first = start_claims(engine, worker, (run, claimed.fence))
    assert start_claims(engine, worker, (run, claimed.fence)) == first
    assert run_row(engine, run).attempt == 1


def test_undone_before_its_commit_nothing_was_spent(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    claimed = claim_run(engine, run, worker)
    with engine.connect() as connection:
        assert start(connection, worker_id=worker, claims=[(run, claimed.fence)], lease=LEASE)
        connection.rollback()
    assert run_row(engine, run).attempt == 0
    assert len(start_claims(engine, worker, (run, claimed.fence))) == 1


def silent(engine: Engine, worker: uuid.UUID, _run: uuid.UUID) -> None:
    silence(engine, worker, seconds=31)


def buried(engine: Engine, worker: uuid.UUID, _run: uuid.UUID) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET state = 'gone' WHERE id = :id"), {"id": worker})


def cancel_requested(engine: Engine, _worker: uuid.UUID, run: uuid.UUID) -> None:
    change_run(engine, run, cancel_requested_at=database_now(engine))


def exhausted(engine: Engine, _worker: uuid.UUID, run: uuid.UUID) -> None:
    change_run(engine, run, max_attempts=0)


def too_late(engine: Engine, _worker: uuid.UUID, run: uuid.UUID) -> None:
    change_run(engine, run, start_by=database_now(engine) - timedelta(milliseconds=1))


def taken_away(engine: Engine, _worker: uuid.UUID, run: uuid.UUID) -> None:
    change_run(engine, run, fence=run_row(engine, run).fence + 1)


def given_to_another(engine: Engine, _worker: uuid.UUID, run: uuid.UUID) -> None:
    change_run(engine, run, worker_id=new_worker(engine))


@pytest.mark.parametrize(
    "obstacle",
    [silent, buried, cancel_requested, exhausted, too_late, taken_away, given_to_another],
)
def test_it_is_refused_and_spends_nothing(
    engine: Engine, obstacle: Callable[[Engine, uuid.UUID, uuid.UUID], None]
) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine, max_retries=3))
    claimed = claim_run(engine, run, worker)
    obstacle(engine, worker, run)
    assert start_claims(engine, worker, (run, claimed.fence)) == []
    row = run_row(engine, run)
    assert (row.state, row.attempt) == ("claimed", 0)


def test_a_cancelled_claim_cannot_start(engine: Engine) -> None:
    worker, team = new_worker(engine), new_team(engine)
    run = new_run(engine, new_task(engine, team_id=team))
    claimed = claim_run(engine, run, worker)
    with engine.begin() as connection:
        assert cancel_run(connection, run_id=run, team_id=team) == "cancelled"
    assert start_claims(engine, worker, (run, claimed.fence)) == []
    assert run_row(engine, run).state == "cancelled"


def test_while_draining_it_may_still_start_claimed_runs(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    claimed = claim_run(engine, run, worker)
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET state = 'draining'"))
    assert len(start_claims(engine, worker, (run, claimed.fence))) == 1


def test_a_batch_starts_what_may_start_and_leaves_the_rest(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    good, bad, other = (new_run(engine, task) for _ in range(3))
    claims = [(run, claim_run(engine, run, worker).fence) for run in (good, bad, other)]
    cancel_requested(engine, worker, bad)
    assert {started.run_id for started in start_claims(engine, worker, *claims)} == {good, other}


def test_a_start_deadline_is_for_the_first_attempt_only(engine: Engine) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, max_retries=1, retry_delay=0, start_deadline=60))
    finish_run(engine, start_run(engine, run, worker), worker, "failed")
    claimed = claim_run(engine, run, worker)
    too_late(engine, worker, run)
    [started] = start_claims(engine, worker, (run, claimed.fence))
    assert started.attempt == 2


def test_the_instant_of_the_real_start_makes_the_lateness(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, worker)
    at = started.due_at + timedelta(milliseconds=250)
    begun = f'[{{"id": "{run}", "fence": {started.fence}, "started_at": "{at.isoformat()}"}}]'
    with engine.begin() as connection:
        note_started(connection, worker_id=new_worker(engine), begun=begun)
    assert run_row(engine, run).started_at is None
    with engine.begin() as connection:
        note_started(connection, worker_id=worker, begun=begun)
    row = run_row(engine, run)
    assert (row.started_at, row.lateness_ms) == (at, 250)
