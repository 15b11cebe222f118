"""Cancel: at once where nothing runs, asked for where something does, and only by the team."""

import uuid

import pytest
from sqlalchemy import Engine

from punctual.domain.runs.reasons import ReasonCode
from punctual.store.lifecycle.cancel import Outcome, cancel_run, cancel_task_runs
from punctual.store.lifecycle.claim import claim
from tests.support.rows import new_run, new_task, new_team, run_row
from tests.support.steps import claim_run, finish_run, new_worker, queue_run, start_run


@pytest.fixture
def team(engine: Engine) -> uuid.UUID:
    """Whose task it is."""
    return new_team(engine)


@pytest.fixture
def run(engine: Engine, team: uuid.UUID) -> uuid.UUID:
    """A scheduled run of the team's."""
    return new_run(engine, new_task(engine, team_id=team))


def cancelled(engine: Engine, run: uuid.UUID, team: uuid.UUID) -> Outcome | None:
    """What the team gets as the outcome."""
    with engine.begin() as connection:
        return cancel_run(connection, run_id=run, team_id=team)


def test_what_has_not_started_ends_at_once_under_a_new_fence(
    engine: Engine, run: uuid.UUID, team: uuid.UUID
) -> None:
    assert cancelled(engine, run, team) == "cancelled"
    row = run_row(engine, run)
    assert (row.state, row.fence, row.attempt) == ("cancelled", 1, 0)
    assert row.finished_at is not None


def test_a_queued_run_that_was_cancelled_cannot_be_claimed(
    engine: Engine, run: uuid.UUID, team: uuid.UUID
) -> None:
    worker, fence = new_worker(engine), queue_run(engine, run)
    assert cancelled(engine, run, team) == "cancelled"
    with engine.begin() as connection:
        for pair in ((run, fence), (run, fence + 1)):
            assert claim(connection, worker_id=worker, messages=[pair], room=1) == []


def test_a_running_one_is_only_asked_to_end_and_says_since_when(
    engine: Engine, run: uuid.UUID, team: uuid.UUID
) -> None:
    started = start_run(engine, run, new_worker(engine))
    assert cancelled(engine, run, team) == "requested"
    first = run_row(engine, run)
    assert (first.state, first.fence) == ("running", started.fence)
    assert first.cancel_requested_at is not None
    assert cancelled(engine, run, team) == "requested"
    assert run_row(engine, run).cancel_requested_at == first.cancel_requested_at


def test_what_has_ended_stays_as_it_is(engine: Engine, run: uuid.UUID, team: uuid.UUID) -> None:
    worker = new_worker(engine)
    finish_run(engine, start_run(engine, run, worker), worker, "succeeded")
    assert cancelled(engine, run, team) == "final"
    assert run_row(engine, run).state == "succeeded"


def test_a_stranger_finds_nothing_to_cancel(engine: Engine, run: uuid.UUID) -> None:
    assert cancelled(engine, run, new_team(engine)) is None
    assert cancelled(engine, uuid.uuid4(), new_team(engine)) is None
    assert run_row(engine, run).state == "scheduled"


def test_all_unfinished_runs_of_a_task_and_no_others(engine: Engine, team: uuid.UUID) -> None:
    worker, task = new_worker(engine), new_task(engine, team_id=team, overlap="allow")
    scheduled, claimed, running, ended = (new_run(engine, task) for _ in range(4))
    finish_run(engine, start_run(engine, ended, worker), worker, "failed")
    start_run(engine, running, worker)
    claim_run(engine, claimed, worker)
    other = new_run(engine, new_task(engine, team_id=team))
    with engine.begin() as connection:
        cancel_task_runs(connection, task_id=task, team_id=team, code=ReasonCode.DELETED)
    states = [run_row(engine, each).state for each in (scheduled, claimed, running, ended, other)]
    assert states == ["cancelled", "cancelled", "running", "failed", "scheduled"]
    assert run_row(engine, scheduled).reason == "its task was deleted"
    assert run_row(engine, running).cancel_requested_at is not None
