"""Closed queues: the database itself starts nothing of a team that may not use one."""

import uuid
from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.wording import clause
from punctual.store.ledger.entries import find_in_ledger
from punctual.store.lifecycle.claim import claim, pull
from punctual.store.queues.closed import closed_to, set_teams
from punctual.store.queues.listing import list_queues
from punctual.store.runs.blocked_by import waits_for
from punctual.store.schema.models import Run, Team
from tests.support.rows import WINDOW, dispatch_all, new_run, new_task, new_team, run_row
from tests.support.steps import change_run, claim_run, new_worker, queue_run, start_claims


def close(engine: Engine, *teams: uuid.UUID, queue: str = "gpu") -> None:
    with engine.begin() as connection:
        set_teams(connection, queue, teams)


def run_in(engine: Engine, team: uuid.UUID, queue: str = "gpu", *, due_in: float = 0) -> uuid.UUID:
    return new_run(engine, new_task(engine, team_id=team, queue=queue), due_in=due_in)


def claimed_by(
    engine: Engine, worker: uuid.UUID, messages: Sequence[tuple[uuid.UUID, int]]
) -> list[uuid.UUID]:
    """What a worker gets by a message, and else by a pull."""
    with engine.begin() as connection:
        found = claim(connection, worker_id=worker, messages=messages, room=10)
        found += pull(connection, worker_id=worker, room=10, ahead=WINDOW)
    return [each.run_id for each in found]


def test_a_claim_takes_nothing_of_a_team_that_may_not_use_the_queue(engine: Engine) -> None:
    worker = new_worker(engine, queues=["gpu", "default"])
    own, other = new_team(engine), new_team(engine)
    runs = [run_in(engine, team) for team in (own, other)]
    elsewhere = run_in(engine, other, "default")
    close(engine, own)
    for run in (*runs, elsewhere):  # as if nothing before the claim had asked
        change_run(engine, run, state="queued")
    messages = [(run, 0) for run in (*runs, elsewhere)]
    assert set(claimed_by(engine, worker, messages)) == {runs[0], elsewhere}
    assert run_row(engine, runs[1]).state == "queued"


def test_what_was_dispatched_or_claimed_before_is_called_back_and_waits(engine: Engine) -> None:
    worker, team = new_worker(engine, queues=["gpu"]), new_team(engine)
    claimed, queued = run_in(engine, team), run_in(engine, team)
    taken = claim_run(engine, claimed, worker)
    queue_run(engine, queued)
    close(engine, new_team(engine))
    assert start_claims(engine, worker, (claimed, taken.fence)) == []
    dispatch_all(engine)
    assert {run_row(engine, run).state for run in (claimed, queued)} == {"scheduled"}
    close(engine)
    dispatch_all(engine)
    assert {run_row(engine, run).state for run in (claimed, queued)} == {"queued"}


def test_what_slipped_into_the_queue_is_called_back_by_the_next_pass(engine: Engine) -> None:
    run = run_in(engine, new_team(engine))
    close(engine, new_team(engine))
    change_run(engine, run, limited=False)  # inserted at the instant in which it was closed
    for _ in range(2):
        dispatch_all(engine)
    row = run_row(engine, run)
    assert (row.state, row.limited) == ("scheduled", True)


@pytest.mark.parametrize("before", [True, False])
def test_a_run_that_waits_says_why_and_so_does_the_ledger(engine: Engine, before: bool) -> None:
    worker, team = new_worker(engine, queues=["gpu"]), new_team(engine)
    if before:
        close(engine, new_team(engine))
    run = run_in(engine, team, due_in=-5)
    if not before:
        close(engine, new_team(engine))
    dispatch_all(engine)
    assert claimed_by(engine, worker, [(run, 0)]) == []
    with Session(engine) as session:
        slug = session.get_one(Team, team).slug
        row = session.get_one(Run, run)
        waits = waits_for(session, row)
        noted = find_in_ledger(session.connection(), task_id=row.task_id, due=row.scheduled_for)
    assert waits is not None
    assert clause(waits) == f"team {slug} may not use queue gpu"
    assert noted is not None
    assert (noted.reason, noted.because) == ("limited", clause(waits))


def test_runs_of_its_teams_and_of_other_queues_go_on_as_before(engine: Engine) -> None:
    team, other = new_team(engine), new_team(engine)
    close(engine, team)
    runs = [run_in(engine, team), run_in(engine, other, "default")]
    dispatch_all(engine)
    assert {run_row(engine, run).state for run in runs} == {"queued"}


def test_a_queue_stays_closed_when_its_teams_are_deleted(engine: Engine) -> None:
    team, other = new_team(engine), new_team(engine)
    close(engine, team)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM teams WHERE id = :id"), {"id": team})
    with engine.connect() as connection:
        assert closed_to(connection, other, ["gpu", "default"]) == {"gpu"}
        [queue] = list_queues(connection, name="gpu")
    assert (queue.is_closed, list(queue.teams)) == (True, [])


def test_the_list_has_each_queue_once_with_its_workers_and_what_is_refused(engine: Engine) -> None:
    team, other = new_team(engine), new_team(engine)
    for name, queues in (("w-1", ["gpu", "default"]), ("w-2", ["gpu"])):
        new_worker(engine, name=name, queues=queues)
    run_in(engine, other, due_in=-5)
    run_in(engine, other, "unserved")
    close(engine, team)
    with engine.connect() as connection:
        found = {queue.name: queue for queue in list_queues(connection)}
        slug = connection.execute(
            text("SELECT slug FROM teams WHERE id = :id"), {"id": team}
        ).scalar_one()
    assert list(found) == ["default", "gpu", "unserved"]
    assert (found["gpu"].workers, found["gpu"].slots) == (["w-1", "w-2"], 32)
    assert (found["gpu"].teams, found["gpu"].refused) == ([slug], 1)
    assert (found["unserved"].workers, found["unserved"].is_closed) == ([], False)
