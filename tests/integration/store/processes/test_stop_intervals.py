"""The reason of a missed run names the stop that its due time lies in, or no interval."""

import re
import uuid
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from punctual.store.lifecycle.planning.plan import plan
from punctual.store.outages.outages import note_break, note_gap, note_pass
from punctual.store.processes.coordinator_stops import Stop, keep_stop, stops_at
from punctual.store.processes.workers import beat, leave
from tests.integration.store.lifecycle.misfires.stops import coordinate, settle
from tests.support.age import age
from tests.support.rows import (
    WINDOW,
    database_now,
    dispatch_all,
    new_run,
    new_task,
    run_row,
    with_reason,
)
from tests.support.steps import LEASE, new_worker

SECOND = timedelta(seconds=1)


def interval(reason: str) -> tuple[str, datetime, datetime]:
    """What was not at work, from when to when."""
    found = re.search(r"no (.+) was running from (\S+) to ([^;\s]+)", reason)
    assert found is not None, reason
    return found[1], datetime.fromisoformat(found[2]), datetime.fromisoformat(found[3])


def contains_due_time(engine: Engine, run: uuid.UUID) -> bool:
    row = run_row(engine, run)
    _, began, ended = interval(row.reason)
    return bool(began - SECOND <= row.due_at <= ended + SECOND)


def stop_and_return(engine: Engine, seconds: float) -> None:
    """Coordinators stop for so long, and are back for a single pass."""
    age(engine, timedelta(seconds=seconds))
    with engine.begin() as connection:
        note_break(connection, lease=LEASE)
        note_pass(connection)


def test_of_two_stops_it_names_the_one_that_holds_the_due_time(engine: Engine) -> None:
    coordinate(engine)
    run = new_run(engine, new_task(engine, catch_up="none"), due_in=5)
    stop_and_return(engine, 120)
    stop_and_return(engine, 90)
    new_worker(engine)
    settle(engine)
    assert interval(run_row(engine, run).reason)[0] == "coordinator or worker"
    assert contains_due_time(engine, run)


def test_each_due_time_that_the_planner_misses_names_its_own_stop(engine: Engine) -> None:
    now = database_now(engine).replace(microsecond=0)
    first = now - timedelta(minutes=10)
    stops = [Stop(now - timedelta(minutes=m), now - timedelta(minutes=m - 2.5)) for m in (11, 5)]
    with engine.begin() as connection:
        for stop in stops:
            keep_stop(connection, stop)
    task = new_task(
        engine,
        catch_up="none",
        schedule={"every": 60},
        schedule_anchor=first,
        next_due_at=first,
    )
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=9)
    statement = text("SELECT * FROM runs WHERE task_id = :id AND state = 'missed'")
    with engine.connect() as connection:
        missed = [with_reason(row) for row in connection.execute(statement, {"id": task})]
    assert len(missed) >= 9
    for run in missed:
        inside = [stop for stop in stops if stop.from_at <= run.due_at < stop.to_at]
        if inside:
            assert run.reason_code == "nothing_running"
            assert interval(run.reason) == ("coordinator", *inside[0])
        else:
            assert run.reason_code == "not_planned"
            assert run.reason == "missed: no coordinator planned it in time"


def test_one_that_stands_for_due_times_beyond_a_stop_names_no_interval(engine: Engine) -> None:
    now = database_now(engine)
    first = now - timedelta(hours=1)
    with engine.begin() as connection:
        keep_stop(connection, Stop(first, first + timedelta(minutes=1)))
    new_task(
        engine,
        catch_up="none",
        schedule={"every": 10},
        schedule_anchor=first,
        next_due_at=first,
    )
    with engine.begin() as connection:
        plan(connection, window=WINDOW, batch_size=9)
    with engine.connect() as connection:
        statement = text("SELECT * FROM runs WHERE reason_args ? 'times'")
        reason = with_reason(connection.execute(statement).one()).reason
    assert reason.startswith("missed: no coordinator planned them in time; stands for ")


def test_a_run_that_waited_before_the_stop_names_no_interval(engine: Engine) -> None:
    coordinate(engine)
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, catch_up="none"))
    dispatch_all(engine)
    age(engine, timedelta(seconds=10))
    with engine.begin() as connection:  # its slots are all in use
        beat(connection, worker_id=worker, room=0)
        note_pass(connection)
        leave(connection, worker_id=worker)
    age(engine, timedelta(seconds=180))
    new_worker(engine)
    coordinate(engine)
    reason = run_row(engine, run).reason
    assert reason.startswith("missed: no coordinator or worker could start it before "), reason


def test_a_worker_that_lived_through_the_stop_is_not_blamed(engine: Engine) -> None:
    coordinate(engine)
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, catch_up="none"), due_in=5)
    age(engine, timedelta(seconds=180))  # the database was away
    with engine.begin() as connection:
        beat(connection, worker_id=worker, room=9)
    coordinate(engine)
    assert interval(run_row(engine, run).reason)[0] == "coordinator"
    assert contains_due_time(engine, run)


def test_a_stop_that_goes_on_is_one_stop(engine: Engine) -> None:
    with engine.begin() as connection:
        note_pass(connection)
    for seconds in (40, 40):  # the second return comes before the first one made a pass
        age(engine, timedelta(seconds=seconds))
        with engine.begin() as connection:
            note_gap(connection, min_gap=timedelta(seconds=60))
            note_break(connection, lease=LEASE)
    with engine.connect() as connection:
        [stop] = connection.execute(text("SELECT from_at, to_at FROM coordinator_stops"))
        middle = stop.from_at + timedelta(seconds=60)
        assert stops_at(connection, [middle]) == {middle: Stop(*stop)}
        assert stops_at(connection, [stop.to_at]) == {}
    assert timedelta(seconds=79) < stop.to_at - stop.from_at < timedelta(seconds=90)
