"""Limits of concurrent runs: they hold in every race, and do not delay runs without limits."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.wording import clause
from punctual.store.concurrency import limits
from punctual.store.concurrency.limits import (
    change_limit,
    create_limit,
    find_limit,
    list_limits,
    waiting_by_limit,
)
from punctual.store.ledger.entries import find_in_ledger
from punctual.store.lifecycle.claim import pull
from punctual.store.runs.blocked_by import waits_for
from punctual.store.schema.models import Run
from tests.support.rows import WINDOW, dispatch_all, many_runs, new_run, new_task, new_team, run_row
from tests.support.steps import (
    change_run,
    claim_run,
    finish_run,
    new_worker,
    start_claims,
    start_run,
)

CLAIMABLE = text("UPDATE runs SET state = 'queued' WHERE state = 'scheduled'")


def limited(engine: Engine, team: uuid.UUID, tag: str | None, most: int) -> uuid.UUID:
    with Session(engine) as session, session.begin():
        return create_limit(session, team_id=team, tag=tag, max_concurrent=most).id


def queued_of(engine: Engine, *runs: uuid.UUID) -> list[uuid.UUID]:
    dispatch_all(engine)
    return [run for run in runs if run_row(engine, run).state == "queued"]


def claim_all(engine: Engine, worker: uuid.UUID, *, room: int = 100) -> list[tuple[uuid.UUID, int]]:
    with engine.begin() as connection:
        claims = pull(connection, worker_id=worker, room=room, ahead=WINDOW)
    return [(claimed.run_id, claimed.fence) for claimed in claims]


def test_of_a_task_no_more_are_queued_than_may_run(engine: Engine) -> None:
    task = new_task(engine, overlap="allow", max_concurrent=2)
    runs = [new_run(engine, task, due_in=-number) for number in range(5)]
    assert queued_of(engine, *runs) == [runs[3], runs[4]]
    assert queued_of(engine, *runs) == [runs[3], runs[4]]


def test_a_tag_is_shared_by_the_tasks_of_its_owner_alone(engine: Engine) -> None:
    team = new_team(engine)
    limited(engine, team, "db", 1)
    tasks = [new_task(engine, team_id=team, tags=["db", tag]) for tag in ("x", "y")]
    first, second = (new_run(engine, task, due_in=number) for number, task in enumerate(tasks))
    other = new_run(engine, new_task(engine, team_id=team, tags=["file"]))
    stranger = new_run(engine, new_task(engine, tags=["db"]))
    assert set(queued_of(engine, first, second, other, stranger)) == {first, other, stranger}


def test_without_a_tag_it_is_for_all_of_ones_runs(engine: Engine) -> None:
    team = new_team(engine)
    limited(engine, team, None, 2)
    runs = [new_run(engine, new_task(engine, team_id=team), due_in=-n) for n in range(4)]
    assert set(queued_of(engine, *runs)) == set(runs[2:])


def test_when_one_ends_the_next_goes_on_and_a_coordinator_is_woken(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow", max_concurrent=1)
    first, second = new_run(engine, task, due_in=-1), new_run(engine, task)
    started = start_run(engine, first, worker)
    assert queued_of(engine, second) == []
    [settled] = finish_run(engine, started, worker, "succeeded")
    assert settled.limited
    assert queued_of(engine, second) == [second]


def test_start_refuses_what_dispatch_had_let_through(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow")
    runs = [new_run(engine, task) for _ in range(3)]
    claims = [(run, claim_run(engine, run, worker).fence) for run in runs]
    with engine.begin() as connection:
        connection.execute(text("UPDATE tasks SET max_concurrent = 2"))
    assert len(start_claims(engine, worker, *claims)) == 2
    assert start_claims(engine, worker, *claims) != []  # those that run, answered again
    states = [run_row(engine, run).state for run in runs]
    assert sorted(states) == ["claimed", "running", "running"]


@pytest.mark.parametrize("kind", ["task", "tag", "user"])
def test_many_workers_at_once_never_run_more_than_the_limit(engine: Engine, kind: str) -> None:
    team, workers, most = new_team(engine), 6, 3
    if kind == "task":
        task = new_task(engine, team_id=team, overlap="allow", max_concurrent=most)
        tasks = [task] * workers * 2
    else:
        limited(engine, team, "db" if kind == "tag" else None, most)
        tasks = [new_task(engine, team_id=team, tags=["db"]) for _ in range(workers * 2)]
    for task in tasks:
        new_run(engine, task)
    with engine.begin() as connection:
        connection.execute(CLAIMABLE)  # more than dispatch lets through
    ids = [new_worker(engine, name=f"w-{number}") for number in range(workers)]
    claims = [claim_all(engine, worker, room=2) for worker in ids]
    together = threading.Barrier(workers)

    def begin(number: int) -> int:
        together.wait(10)
        return len(start_claims(engine, ids[number], *claims[number]))

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(begin, range(workers))) == most
    with engine.connect() as connection:
        running = text("SELECT count(*) FROM runs WHERE state = 'running'")
        assert connection.execute(running).scalar_one() == most


def test_coordinators_at_once_do_not_overbook(engine: Engine) -> None:
    task = new_task(engine, overlap="allow", max_concurrent=3)
    many_runs(engine, task, 50)
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET limited = true"))
    with ThreadPoolExecutor(4) as pool:
        queued = list(pool.map(lambda _: len(dispatch_all(engine)), range(12)))
    assert sum(queued) == 3


def test_a_limit_counts_what_ran_before_it_was_set(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    one, two = (new_task(engine, team_id=team, tags=["db"]) for _ in range(2))
    start_run(engine, new_run(engine, one), worker)
    second = new_run(engine, two)
    limited(engine, team, "db", 1)
    assert queued_of(engine, second) == []


def test_a_raised_limit_lets_more_go_on(engine: Engine) -> None:
    team = new_team(engine)
    limit = limited(engine, team, "db", 1)
    runs = [new_run(engine, new_task(engine, team_id=team, tags=["db"])) for _ in range(3)]
    assert len(queued_of(engine, *runs)) == 1
    with Session(engine) as session, session.begin():
        found = find_limit(session, limit, team_id=team)
        assert found is not None
        change_limit(session, found, max_concurrent=2)
    assert len(queued_of(engine, *runs)) == 2


def test_one_full_limit_does_not_hold_up_what_is_behind_it(engine: Engine) -> None:
    team = new_team(engine)
    limited(engine, team, "db", 1)
    limited(engine, team, "gpu", 1)
    for _ in range(2):
        new_run(engine, new_task(engine, team_id=team, tags=["db"]), due_in=-9)
    other = new_run(engine, new_task(engine, team_id=team, tags=["gpu"]))
    assert queued_of(engine, other) == [other]


def test_a_run_that_waits_says_for_what_and_the_ledger_keeps_it(engine: Engine) -> None:
    worker, task = new_worker(engine), new_task(engine, overlap="allow", max_concurrent=1)
    start_run(engine, new_run(engine, task, due_in=-9), worker)
    late = new_run(engine, task, due_in=-5)
    dispatch_all(engine)
    text = "this task has reached its limit of 1 concurrent run"
    with Session(engine) as session:
        run = session.get_one(Run, late)
        waits = waits_for(session, run)
        assert waits is not None
        assert clause(waits) == text
        noted = find_in_ledger(session.connection(), task_id=task, due=run.scheduled_for)
    assert noted is not None
    assert (noted.reason, noted.because) == ("limited", text)


def test_a_mark_without_need_holds_nothing_up(engine: Engine) -> None:
    run = new_run(engine, new_task(engine))
    change_run(engine, run, limited=True)
    assert queued_of(engine, run) == [run]


def test_of_many_waiting_runs_only_a_bounded_number_is_counted(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = new_team(engine)
    limit = limited(engine, team, "db", 1)
    task = new_task(engine, team_id=team, tags=["db"], overlap="allow")
    runs = [new_run(engine, task, due_in=-number) for number in range(1, 6)]
    assert len(queued_of(engine, *runs)) == 1
    new_run(engine, task, due_in=60)
    stranger = new_task(engine, tags=["db"], max_concurrent=1)
    for number in range(100, 104):
        new_run(engine, stranger, due_in=-number)

    def waiting() -> int:
        with Session(engine) as session:
            found = list_limits(session, team_ids=[team])
            return waiting_by_limit(session, found).get(limit, 0)

    assert waiting() == 4
    monkeypatch.setattr(limits, "LOOKED_AT", 3)
    assert waiting() == 3
