"""Uptime: how long heartbeats could be written, known from the database alone."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from punctual.store.processes.uptime import Uptime, record_uptime
from punctual.store.processes.workers import beat
from tests.support.age import age
from tests.support.rows import database_now
from tests.support.steps import LEASE, new_worker
from tests.support.uptime import up_for

HALF = LEASE / 2
JUST = timedelta(seconds=1)


def recorded(engine: Engine) -> Uptime:
    with engine.begin() as connection:
        return record_uptime(connection, lease=LEASE)


def began_just_now(uptime: Uptime) -> bool:
    return uptime.up_since == uptime.seen_at


def change(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def server_started_at(engine: Engine) -> datetime:
    with engine.connect() as connection:
        started: datetime = connection.execute(
            text("SELECT pg_postmaster_start_time()")
        ).scalar_one()
    return started


def test_where_nothing_was_recorded_it_begins_now(engine: Engine) -> None:
    uptime = recorded(engine)
    assert began_just_now(uptime)
    assert not uptime.covers(LEASE)


def test_each_record_continues_the_one_before(engine: Engine) -> None:
    recorded(engine)
    for _ in range(2):
        age(engine, HALF - JUST)
        assert not recorded(engine).covers(LEASE)
    age(engine, 2 * JUST)
    assert recorded(engine).covers(LEASE)


def test_more_than_half_a_lease_without_a_record_begins_anew(engine: Engine) -> None:
    up_for(engine, seconds=3600)
    age(engine, HALF + JUST)
    assert began_just_now(recorded(engine))


def test_a_server_that_was_started_since_begins_anew(engine: Engine) -> None:
    up_for(engine, seconds=3600)
    change(engine, "UPDATE uptime SET server_started_at = server_started_at - interval '1 day'")
    assert began_just_now(recorded(engine))
    assert not recorded(engine).covers(LEASE)


def test_a_clock_that_was_set_back_begins_anew(engine: Engine) -> None:
    up_for(engine, seconds=3600)
    age(engine, timedelta(seconds=-60))
    assert began_just_now(recorded(engine))


def test_a_worker_that_beat_all_along_shows_that_the_database_was_up(engine: Engine) -> None:
    worker = new_worker(engine)
    for _ in range(4):  # no coordinator is there
        age(engine, HALF - JUST)
        with engine.begin() as connection:
            beat(connection, worker_id=worker, room=1, lease=LEASE)
    uptime = recorded(engine)
    began = max(uptime.seen_at - 4 * (HALF - JUST), server_started_at(engine))
    assert began - JUST < uptime.up_since < began + JUST


def test_a_worker_that_beat_before_the_server_started_shows_nothing_of_that_time(
    engine: Engine,
) -> None:
    new_worker(engine)
    change(engine, "UPDATE workers SET beats_since = '2000-01-01'")
    assert recorded(engine).up_since == server_started_at(engine)


def test_a_worker_whose_heartbeats_stopped_for_a_while_shows_no_more_than_since_then(
    engine: Engine,
) -> None:
    worker = new_worker(engine)
    age(engine, HALF + JUST)
    back = database_now(engine)
    with engine.begin() as connection:
        beat(connection, worker_id=worker, room=1, lease=LEASE)
    assert recorded(engine).up_since >= back


@pytest.mark.parametrize("change_of_worker", ["beats_since = NULL", "heartbeat_at = '2000-01-01'"])
def test_a_silent_worker_and_one_of_the_release_before_show_nothing(
    engine: Engine, change_of_worker: str
) -> None:
    new_worker(engine)
    change(engine, f"UPDATE workers SET {change_of_worker}")
    assert began_just_now(recorded(engine))


def test_while_the_table_of_workers_is_locked_nothing_is_recorded(engine: Engine) -> None:
    up_for(engine, seconds=3600)
    before = recorded(engine)
    with engine.connect() as locking, engine.connect() as recording:
        locking.execute(text("LOCK TABLE workers IN SHARE MODE"))
        recording.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            record_uptime(recording, lease=LEASE)
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT seen_at FROM uptime")).scalar_one()
    assert stored == before.seen_at
