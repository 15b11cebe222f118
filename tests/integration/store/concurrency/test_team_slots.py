"""Slots of a team: never more of its runs at once, whatever races, and no other team waits."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.domain.runs.states import Trigger
from punctual.domain.wording import clause
from punctual.store.concurrency.limits import list_limits
from punctual.store.concurrency.team_slots import (
    correct_slots,
    set_default,
    slot_use,
    slots_changed,
)
from punctual.store.driver.notify import DUE_CHANNEL
from punctual.store.ledger.entries import find_in_ledger
from punctual.store.lifecycle.cancel import cancel_run
from punctual.store.lifecycle.claim import pull, release, still_claimed
from punctual.store.lifecycle.finish import finish
from punctual.store.runs.blocked_by import waits_for
from punctual.store.schema.models import Run, Team
from tests.integration.store.concurrency.test_admit import claim_all, queued_of
from tests.integration.store.lifecycle.test_run_now import hearing
from tests.support.rows import WINDOW, dispatch_all, new_run, new_task, new_team, run_row
from tests.support.steps import (
    claim_run,
    finish_run,
    new_worker,
    report_of,
    start_claims,
    start_run,
)

RUNNING = text("SELECT count(*) FROM runs WHERE state = 'running' AND team_id = :team")
LIMITED = text("SELECT limited FROM runs WHERE id = :id")


def give_slots(engine: Engine, team: uuid.UUID, most: int | None) -> None:
    with Session(engine) as session, session.begin():
        session.get_one(Team, team).max_slots = most


def slots_of(engine: Engine, team: uuid.UUID) -> int | None:
    with engine.connect() as connection:
        return slot_use(connection, team).most


def team_with_slots(engine: Engine, most: int) -> uuid.UUID:
    team = new_team(engine)
    give_slots(engine, team, most)
    return team


def runs_of(engine: Engine, team: uuid.UUID, count: int) -> list[uuid.UUID]:
    """Due runs of that many tasks of the team, the earliest first."""
    tasks = [new_task(engine, team_id=team) for _ in range(count)]
    return [new_run(engine, task, due_in=n - count) for n, task in enumerate(tasks)]


def test_many_workers_at_once_never_run_more_than_the_slots_and_run_all(engine: Engine) -> None:
    most, workers, count = 3, 6, 40
    team, other = team_with_slots(engine, most), new_team(engine)
    runs_of(engine, team, count)
    runs_of(engine, other, 6)
    ids = [new_worker(engine, name=f"w-{number}") for number in range(workers)]
    together, over = threading.Barrier(workers + 1), threading.Event()
    seen: list[int] = []
    ended: list[uuid.UUID] = []

    def work(worker: uuid.UUID) -> None:
        together.wait(10)
        while not over.is_set():
            with engine.begin() as connection:
                claimed = pull(connection, worker_id=worker, room=4, ahead=WINDOW)
            claims = [(each.run_id, each.fence) for each in claimed]
            started = start_claims(engine, worker, *claims) if claims else []
            if started:
                with engine.connect() as connection:
                    seen.append(connection.execute(RUNNING, {"team": team}).scalar_one())
            reports = [report_of(engine, attempt, "succeeded") for attempt in started]
            with engine.begin() as connection:
                ended.extend(
                    run.run_id for run in finish(connection, worker_id=worker, reports=reports)
                )
                left = set(claims) - {(run.run_id, run.fence) for run in started}
                release(connection, worker_id=worker, claims=sorted(left))

    with ThreadPoolExecutor(workers) as pool:
        working = [pool.submit(work, worker) for worker in ids]
        together.wait(10)
        for _ in range(1000):
            # More than dispatch lets through: what holds is START.
            with engine.begin() as connection:
                connection.execute(
                    text("UPDATE runs SET state = 'queued' WHERE state = 'scheduled'")
                )
            dispatch_all(engine)
            if len(ended) == count + 6:
                break
        over.set()
        for each in working:
            each.result()
    assert len(ended) == count + 6
    assert seen
    assert max(seen) <= most


def test_a_full_team_leaves_the_queue_to_the_others(engine: Engine) -> None:
    worker, team = new_worker(engine), team_with_slots(engine, 2)
    runs = runs_of(engine, team, 5)
    stranger = new_run(engine, new_task(engine))
    assert queued_of(engine, *runs, stranger) == [*runs[:2], stranger]
    claims = claim_all(engine, worker)
    assert len(start_claims(engine, worker, *claims)) == 3
    assert queued_of(engine, *runs[2:]) == []  # they wait where no worker has them
    assert {run_row(engine, run).state for run in runs[2:]} == {"scheduled"}


def test_when_a_slot_becomes_free_the_next_run_goes_on_at_once(
    engine: Engine, database_url: str
) -> None:
    worker, team = new_worker(engine), team_with_slots(engine, 1)
    first, second = runs_of(engine, team, 2)
    started = start_run(engine, first, worker)
    assert queued_of(engine, second) == []
    with hearing(database_url, DUE_CHANNEL) as received:
        finish_run(engine, started, worker, "succeeded")
    assert received == [""]
    assert queued_of(engine, second) == [second]


def test_cancelling_one_that_has_not_started_wakes_a_coordinator_for_the_next(
    engine: Engine, database_url: str
) -> None:
    team = team_with_slots(engine, 1)
    first, second = runs_of(engine, team, 2)
    assert queued_of(engine, first, second) == [first]
    with hearing(database_url, DUE_CHANNEL) as received, engine.begin() as connection:
        assert cancel_run(connection, run_id=first, team_id=team) == "cancelled"
    assert received == [""]
    assert queued_of(engine, second) == [second]


def test_what_start_refuses_for_a_slot_is_to_be_released(engine: Engine) -> None:
    worker, team = new_worker(engine), new_team(engine)
    runs = runs_of(engine, team, 3)
    claims = [(run, claim_run(engine, run, worker).fence) for run in runs]
    give_slots(engine, team, 1)
    with engine.begin() as connection:
        correct_slots(connection)
        connection.execute(text("UPDATE runs SET limited = true"))
    [started] = start_claims(engine, worker, *claims)
    left = [claim for claim in claims if claim[0] != started.run_id]
    with engine.connect() as connection:
        ours = still_claimed(connection, worker_id=worker, claims=left)
    assert ours == {run: True for run, _ in left}
    finish_run(engine, started, worker, "succeeded")
    with engine.connect() as connection:
        ours = still_claimed(connection, worker_id=worker, claims=left)
    assert ours == {run: False for run, _ in left}


def test_a_run_due_later_takes_no_slot_from_one_that_is_due_now(engine: Engine) -> None:
    worker, team = new_worker(engine), team_with_slots(engine, 1)
    later = new_run(engine, new_task(engine, team_id=team), due_in=25)
    assert queued_of(engine, later) == [later]
    now = new_run(engine, new_task(engine, team_id=team), trigger=Trigger.MANUAL)
    assert queued_of(engine, now) == [now]
    started = start_run(engine, now, worker)
    refused = claim_run(engine, later, worker)
    assert start_claims(engine, worker, (later, refused.fence)) == []
    finish_run(engine, started, worker, "succeeded")
    assert len(start_claims(engine, worker, (later, refused.fence))) == 1


def test_runs_of_a_queue_without_workers_take_no_slot_from_another_queue(engine: Engine) -> None:
    team = team_with_slots(engine, 1)
    stuck = new_run(engine, new_task(engine, team_id=team, queue="gpu"), due_in=-9)
    assert queued_of(engine, stuck) == [stuck]
    run = new_run(engine, new_task(engine, team_id=team))
    assert queued_of(engine, run) == [run]


def test_a_waiting_run_names_the_team_with_figures_and_so_does_the_ledger(engine: Engine) -> None:
    worker, team = new_worker(engine), team_with_slots(engine, 2)
    for run in runs_of(engine, team, 2):
        start_run(engine, run, worker)
    late = new_run(engine, new_task(engine, team_id=team), due_in=-5)
    dispatch_all(engine)
    with Session(engine) as session:
        slug = session.get_one(Team, team).slug
        waiting = session.get_one(Run, late)
        waits = waits_for(session, waiting)
        assert waits is not None
        assert clause(waits) == f"no slot of team {slug} is free (2 of 2 running)"
        assert waits.args == {"team": slug, "slots": 2, "running": 2}
        noted = find_in_ledger(
            session.connection(), task_id=waiting.task_id, due=waiting.scheduled_for
        )
    assert noted is not None
    assert (noted.reason, noted.because) == ("limited", clause(waits))


def test_a_team_has_its_own_number_or_else_that_of_the_installation(engine: Engine) -> None:
    own, other, free = team_with_slots(engine, 7), new_team(engine), team_with_slots(engine, 0)
    run = new_run(engine, new_task(engine, team_id=other))
    with engine.begin() as connection:
        assert set_default(connection, 3) == [other]
        assert set_default(connection, 3) == []
        assert connection.execute(LIMITED, {"id": run}).scalar_one()
    assert [slots_of(engine, team) for team in (own, other, free)] == [7, 3, None]
    assert slots_of(engine, new_team(engine)) == 3
    give_slots(engine, own, None)
    assert slots_of(engine, own) == 3
    with engine.begin() as connection:
        set_default(connection, 0)
    assert [slots_of(engine, team) for team in (own, other)] == [None, None]


@pytest.mark.parametrize("most", [1, 3])
def test_of_what_runs_already_nothing_is_stopped_and_all_of_it_counts(
    engine: Engine, most: int
) -> None:
    worker, team = new_worker(engine), new_team(engine)
    for run in runs_of(engine, team, 2):
        start_run(engine, run, worker)
    third = new_run(engine, new_task(engine, team_id=team))
    give_slots(engine, team, most)
    with engine.begin() as connection:
        slots_changed(connection, team)
    with engine.connect() as connection:
        assert slot_use(connection, team) == (2, most)
    assert queued_of(engine, third) == ([] if most == 1 else [third])


def test_a_team_cannot_see_or_change_its_slots_as_a_limit_of_its_own(engine: Engine) -> None:
    team = team_with_slots(engine, 2)
    with Session(engine) as session:
        assert list_limits(session, team_ids=[team]) == []


def test_slots_are_counted_over_the_window_of_dispatch(engine: Engine) -> None:
    team = team_with_slots(engine, 2)
    runs = [new_run(engine, new_task(engine, team_id=team), due_in=n) for n in (5, 10, 15)]
    assert timedelta(seconds=15) < WINDOW
    assert queued_of(engine, *runs) == runs[:2]
