"""Fairness: one team's many runs do not hold up another's few, in planning and in claiming."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from punctual.store.lifecycle.claim import PULL, Claimed, pull
from punctual.store.lifecycle.outranked import find_outranked
from punctual.store.lifecycle.planning.plan import DUE_BY_TEAM, plan
from punctual.store.schema.models import Task
from punctual.store.tasks.changes import change_task
from tests.support.plans import most_rows
from tests.support.rows import (
    WINDOW,
    database_now,
    dispatch_all,
    many_runs,
    new_run,
    new_task,
    new_team,
    run_row,
)
from tests.support.steps import change_run, new_worker

AHEAD = timedelta(seconds=6)
SLOTS = 16

MANY_TASKS = text("""
INSERT INTO tasks (id, team_id, name, command, schedule, schedule_anchor, next_due_at, max_retries,
                   retry_delay, retry_delay_max, timeout, env, tags, metadata, overlap, catch_up,
                   priority)
SELECT gen_random_uuid(), team_id, name, command, schedule, schedule_anchor, next_due_at, 0,
       1, 1, 1, '{}', '{}', '{}', 'allow', 'latest', 5
FROM tasks, generate_series(1, :count) WHERE id = :task
""")


def pulled(engine: Engine, worker: uuid.UUID, *, room: int = SLOTS) -> list[Claimed]:
    with engine.begin() as connection:
        return pull(connection, worker_id=worker, room=room, ahead=AHEAD)


def teams_of(engine: Engine, claims: list[Claimed]) -> list[uuid.UUID]:
    ordered = sorted(claims, key=lambda claimed: claimed.turn)
    return [run_row(engine, claimed.run_id).team_id for claimed in ordered]


def two_tasks(engine: Engine) -> tuple[uuid.UUID, uuid.UUID]:
    """A task of a team with many runs, and one of a team with few."""
    return new_task(engine, overlap="allow"), new_task(engine, overlap="allow")


def test_ten_runs_are_claimed_at_once_though_ten_thousand_were_queued_before(
    engine: Engine,
) -> None:
    many, few = two_tasks(engine)
    many_runs(engine, many, 10_000)
    dispatch_all(engine)
    worker = new_worker(engine)
    pulled(engine, worker)
    mine = [new_run(engine, few, due_in=number) for number in range(-9, 1)]
    dispatch_all(engine)
    claims = pulled(engine, worker, room=2 * SLOTS)
    assert set(mine) <= {claimed.run_id for claimed in claims}
    assert len(claims) == 2 * SLOTS


def test_a_shared_batch_is_not_gone_through_for_each_task_before_anybody_has_counted_them(
    engine: Engine,
) -> None:
    count = 1000
    task = new_task(engine, schedule={"every": 60}, next_due_at=datetime.now(UTC))
    with engine.begin() as connection:
        connection.execute(MANY_TASKS, {"task": task, "count": count})
    params: dict[str, Any] = {
        "now": None,
        "window": WINDOW,
        "limit": count,
        "only": None,
        "without": [],
    }
    with engine.connect() as connection:
        assert most_rows(connection, DUE_BY_TEAM, params) <= 2 * count


def test_with_few_slots_owners_alternate_and_each_has_the_earliest_first(engine: Engine) -> None:
    many, few = two_tasks(engine)
    many_runs(engine, many, 50)
    dispatch_all(engine)
    late, early = new_run(engine, few), new_run(engine, few, due_in=-5)
    dispatch_all(engine)
    worker = new_worker(engine)
    claims = [claimed for _ in range(4) for claimed in pulled(engine, worker, room=1)]
    mine = [claimed.run_id for claimed in claims if claimed.run_id in (late, early)]
    assert mine == [early, late]


def test_who_was_always_there_is_not_put_off_by_who_comes_later(engine: Engine) -> None:
    many, few = two_tasks(engine)
    many_runs(engine, many, 400)
    dispatch_all(engine)
    worker = new_worker(engine)
    pulled(engine, worker, room=300)
    many_runs(engine, few, 100)
    dispatch_all(engine)
    teams = teams_of(engine, pulled(engine, worker, room=40))
    assert sorted(map(teams.count, set(teams))) == [20, 20]


def test_turns_go_on_over_many_dispatches_of_one_owner(engine: Engine) -> None:
    many, few = two_tasks(engine)
    for _ in range(3):
        many_runs(engine, many, 20)
        dispatch_all(engine)
    new_run(engine, few)
    dispatch_all(engine)
    claims = pulled(engine, new_worker(engine), room=61)
    turns: dict[uuid.UUID, list[int]] = {}
    for claimed in claims:
        turns.setdefault(run_row(engine, claimed.run_id).team_id, []).append(claimed.turn)
    assert sorted(map(sorted, turns.values())) == [[1], list(range(1, 61))]


def test_queues_do_not_share_turns(engine: Engine) -> None:
    team = new_team(engine)
    many_runs(engine, new_task(engine, team_id=team, overlap="allow"), 30)
    new_run(engine, new_task(engine, team_id=team, queue="gpu"))
    dispatch_all(engine)
    [claimed] = pulled(engine, new_worker(engine, queues=["gpu"]))
    assert claimed.turn == 1


def rows_read(step: dict[str, Any]) -> float:
    """The most rows that any step of an executed plan has looked at."""
    looked = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
    return float(max([looked, *(rows_read(below) for below in step.get("Plans", []))]))


def test_a_pull_reads_no_more_rows_than_it_takes_however_many_are_queued(engine: Engine) -> None:
    many, _ = two_tasks(engine)
    many_runs(engine, many, 20_000)
    dispatch_all(engine)
    dispatch_all(engine)
    worker = new_worker(engine)
    params = {"worker_id": worker, "room": SLOTS, "ahead": AHEAD}
    with engine.begin() as connection:
        connection.execute(text("ANALYZE runs"))
        plan = connection.execute(
            text(f"EXPLAIN (ANALYZE, FORMAT JSON) {PULL.text}"), params
        ).scalar_one()
    plans = plan if isinstance(plan, list) else json.loads(plan)
    assert rows_read(plans[0]["Plan"]) <= 2 * SLOTS


@pytest.mark.parametrize("by_team", [True, False])
def test_a_batch_of_planning_is_shared_out_among_owners_when_asked_for(
    engine: Engine, by_team: bool
) -> None:
    now = datetime.now(UTC)
    first = now - timedelta(seconds=5)
    due: dict[str, Any] = {"schedule": {"at": first.isoformat()}, "schedule_anchor": first}
    many = new_task(engine, next_due_at=first, **due)
    with engine.begin() as connection:
        connection.execute(MANY_TASKS, {"task": many, "count": 300})
    few = new_task(engine, next_due_at=now, **due)
    with engine.begin() as connection:
        planned = plan(connection, window=WINDOW, batch_size=100, by_team=by_team)
        found = text("SELECT count(*) FROM runs WHERE task_id = :few")
        assert connection.execute(found, {"few": few}).scalar_one() == by_team
    assert planned.runs == (51 if by_team else 100)


def of_priority(
    engine: Engine, team: uuid.UUID, priority: int, count: int, at: datetime
) -> list[uuid.UUID]:
    """`count` queued runs of a team, all due at one instant."""
    task = new_task(engine, team_id=team, overlap="allow", priority=priority)
    runs = [new_run(engine, task) for _ in range(count)]
    for run in runs:
        change_run(engine, run, due_at=at)
    dispatch_all(engine)
    return runs


@pytest.mark.parametrize("due_in", [0, 5])
def test_at_one_instant_the_urgent_come_first_in_whichever_batch_they_were_queued(
    engine: Engine, due_in: float
) -> None:
    team, worker = new_team(engine), new_worker(engine)
    at = database_now(engine) + timedelta(seconds=due_in)
    low = of_priority(engine, team, 1, 24, at)
    high = of_priority(engine, team, 9, 4, at)
    claims = [claimed for _ in range(28) for claimed in pulled(engine, worker, room=1)]
    assert {claimed.run_id for claimed in claims[:4]} == set(high)
    assert {claimed.run_id for claimed in claims[4:]} == set(low)


def test_urgent_runs_of_one_owner_do_not_go_before_the_turns_of_another(engine: Engine) -> None:
    anna, ben, worker = new_team(engine), new_team(engine), new_worker(engine)
    at = database_now(engine)
    of_priority(engine, anna, 1, 10, at)
    of_priority(engine, ben, 1, 10, at)
    high = of_priority(engine, anna, 9, 4, at)
    claims = [claimed for _ in range(8) for claimed in pulled(engine, worker, room=1)]
    teams = [run_row(engine, claimed.run_id).team_id for claimed in claims]
    assert (teams.count(anna), teams.count(ben)) == (4, 4)
    assert set(high) <= {claimed.run_id for claimed in claims}


def test_of_the_same_priority_the_earliest_due_comes_first_across_batches(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    now = database_now(engine)
    late = of_priority(engine, team, 5, 3, now)
    early = of_priority(engine, team, 5, 2, now - timedelta(seconds=5))
    claims = [claimed for _ in range(5) for claimed in pulled(engine, worker, room=1)]
    assert [claimed.run_id in early for claimed in claims] == [True, True, False, False, False]
    assert {claimed.run_id for claimed in claims[2:]} == set(late)


def test_what_waits_in_a_worker_gives_way_to_queued_runs_of_its_owner_that_are_more_urgent(
    engine: Engine,
) -> None:
    team, worker = new_team(engine), new_worker(engine)
    at = database_now(engine)
    of_priority(engine, team, 1, 6, at)
    pulled_runs = pulled(engine, worker, room=4)
    high = of_priority(engine, team, 9, 2, at)
    of_priority(engine, new_team(engine), 9, 2, at)  # of another team: they exchange nothing
    pairs = [(claimed.run_id, claimed.fence) for claimed in pulled_runs]
    with engine.begin() as connection:
        found = find_outranked(connection, worker_id=worker, claims=pairs)
    assert {run_id for run_id, _ in found.claim} == set(high)
    assert len(found.release) == 2
    assert set(found.release) < set(pairs)


def test_what_waits_in_a_worker_keeps_its_place_against_its_equals(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    of_priority(engine, team, 5, 6, database_now(engine))
    pulled_runs = pulled(engine, worker, room=3)
    pairs = [(claimed.run_id, claimed.fence) for claimed in pulled_runs]
    with engine.begin() as connection:
        assert find_outranked(connection, worker_id=worker, claims=pairs) == ([], [])


def test_a_new_priority_reaches_what_is_queued_already(engine: Engine) -> None:
    team, worker = new_team(engine), new_worker(engine)
    at = database_now(engine)
    first, second = (
        new_task(engine, team_id=team, schedule={"at": at.isoformat()}, priority=1) for _ in "12"
    )
    early, late = new_run(engine, first), new_run(engine, second)
    for run in (early, late):
        change_run(engine, run, due_at=at, scheduled_for=at)
    dispatch_all(engine)
    with Session(engine) as session, session.begin():
        task = session.get_one(Task, second, with_for_update=True)
        change_task(session, task, {"priority": 9}, now=at)
    assert [claimed.run_id for claimed in pulled(engine, worker, room=1)] == [late]
