"""Claim, pull and release: one holder at a time, under a fence that grows with each change."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from punctual.store.lifecycle.claim import Claimed, claim, pull, release, still_claimed
from tests.support.rows import dispatch_all, new_run, new_task, run_row
from tests.support.steps import change_run, claim_run, new_worker, queue_run, start_claims

AHEAD = timedelta(seconds=6)


def claimed(
    engine: Engine, worker_id: uuid.UUID, *messages: tuple[uuid.UUID, int], room: int = 10
) -> list[Claimed]:
    """What a worker gets of the pairs of a message."""
    with engine.begin() as connection:
        return claim(connection, worker_id=worker_id, messages=messages, room=room)


def released(
    engine: Engine, worker_id: uuid.UUID, *claims: tuple[uuid.UUID, int]
) -> list[uuid.UUID]:
    """What a worker could give back."""
    with engine.begin() as connection:
        return release(connection, worker_id=worker_id, claims=claims)


def test_a_claim_gives_the_run_to_the_worker_under_a_new_fence(engine: Engine) -> None:
    worker, run = new_worker(engine, name="w-1"), new_run(engine, new_task(engine))
    fence = queue_run(engine, run)
    [got] = claimed(engine, worker, (run, fence))
    row = run_row(engine, run)
    assert (got.run_id, got.fence, got.due_at) == (run, fence + 1, row.due_at)
    assert (row.state, row.worker_id, row.worker) == ("claimed", worker, "w-1")


@pytest.mark.parametrize("off", [-1, 1])
def test_a_claim_under_another_fence_gets_nothing(engine: Engine, off: int) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    fence = queue_run(engine, run)
    change_run(engine, run, fence=fence + 5)
    assert claimed(engine, worker, (run, fence + 5 + off)) == []
    assert run_row(engine, run).state == "queued"


def test_a_message_that_comes_twice_counts_once(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    fence = queue_run(engine, run)
    assert len(claimed(engine, worker, (run, fence), (run, fence))) == 1
    assert claimed(engine, worker, (run, fence)) == []


def test_a_message_from_before_a_release_gets_nothing(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    old = queue_run(engine, run)
    [got] = claimed(engine, worker, (run, old))
    assert released(engine, worker, (run, got.fence)) == [run]
    assert queue_run(engine, run) == old + 2
    assert claimed(engine, worker, (run, old)) == []


def test_of_two_workers_that_claim_at_once_one_wins(engine: Engine) -> None:
    one, two = new_worker(engine), new_worker(engine)
    run = new_run(engine, new_task(engine))
    message = (run, queue_run(engine, run))
    with engine.connect() as first, engine.begin() as second:
        assert len(claim(first, worker_id=one, messages=[message], room=1)) == 1
        assert claim(second, worker_id=two, messages=[message], room=1) == []
        first.commit()
    assert claimed(engine, two, message) == []
    assert run_row(engine, run).worker_id == one


def test_a_claim_that_is_undone_leaves_the_run_to_others(engine: Engine) -> None:
    one, two = new_worker(engine), new_worker(engine)
    run = new_run(engine, new_task(engine))
    message = (run, queue_run(engine, run))
    with engine.connect() as connection:
        claim(connection, worker_id=one, messages=[message], room=1)
        connection.rollback()
    assert len(claimed(engine, two, message)) == 1


@pytest.mark.parametrize("state", ["draining", "gone"])
def test_a_worker_that_is_leaving_or_buried_gets_nothing(engine: Engine, state: str) -> None:
    worker, run = new_worker(engine, state=state), new_run(engine, new_task(engine))
    assert claimed(engine, worker, (run, queue_run(engine, run))) == []
    with engine.begin() as connection:
        assert pull(connection, worker_id=worker, room=1, ahead=AHEAD) == []


def test_no_more_is_claimed_than_there_is_room_for_earliest_first(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    late, early, middle = (new_run(engine, task, due_in=seconds) for seconds in (9, 1, 5))
    messages = [(queued.run_id, queued.fence) for queued in dispatch_all(engine)]
    assert [c.run_id for c in claimed(engine, worker, *messages, room=2)] == [early, middle]
    assert run_row(engine, late).state == "queued"


def test_a_pull_takes_what_is_due_without_any_message(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    later, due, soon = (new_run(engine, task, due_in=seconds) for seconds in (30, -1, 1))
    dispatch_all(engine)
    with engine.begin() as connection:
        got = pull(connection, worker_id=worker, room=10, ahead=AHEAD)
    assert [c.run_id for c in got] == [due, soon]
    assert run_row(engine, later).state == "queued"


def test_only_the_holder_can_release_and_only_under_its_fence(engine: Engine) -> None:
    worker, other = new_worker(engine), new_worker(engine)
    run = new_run(engine, new_task(engine))
    got = claim_run(engine, run, worker)
    assert released(engine, other, (run, got.fence)) == []
    assert released(engine, worker, (run, got.fence - 1)) == []
    assert released(engine, worker, (run, got.fence)) == [run]
    row = run_row(engine, run)
    assert (row.state, row.fence, row.worker_id) == ("scheduled", got.fence + 1, None)


def test_what_has_started_cannot_be_released(engine: Engine) -> None:
    worker, run = new_worker(engine), new_run(engine, new_task(engine))
    got = claim_run(engine, run, worker)
    assert start_claims(engine, worker, (run, got.fence))
    assert released(engine, worker, (run, got.fence)) == []
    assert run_row(engine, run).state == "running"


def test_a_worker_learns_which_of_its_claims_are_valid(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow", start_deadline=3600)
    own, taken, late = (new_run(engine, task) for _ in range(3))
    claimed = {run: claim_run(engine, run, worker).fence for run in (own, taken, late)}
    change_run(engine, taken, state="cancelled", fence=claimed[taken] + 1)
    change_run(engine, late, start_by=run_row(engine, late).due_at)
    with engine.begin() as connection:
        answer = still_claimed(connection, worker_id=worker, claims=list(claimed.items()))
    assert answer == {own: False, late: True}
