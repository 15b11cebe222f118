"""A silence of the database is the reason of what came due in it, late or missed."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.store.ledger.entries import Noted, list_ledger
from punctual.store.lifecycle.dispatch import mark_missed
from punctual.store.processes.coordinators import register
from punctual.store.processes.database_silences import (
    Predecessor,
    Silence,
    prune_silences,
    record_silence,
    silences_at,
)
from tests.integration.store.lifecycle.misfires.stops import coordinate, settle
from tests.support.age import age
from tests.support.rows import database_now, dispatch_all, new_run, new_task, run_row
from tests.support.steps import LEASE, change_run, finish_run, new_worker, start_run
from tests.support.uptime import up_for

SECOND = timedelta(seconds=1)
BEAT = text("""
UPDATE coordinators SET started_at = clock_timestamp() - :started,
                        heartbeat_at = clock_timestamp() - :beat
WHERE name = 'other' RETURNING heartbeat_at
""")


def found(
    engine: Engine, *, began: float, ended: float = 0, predecessor: Predecessor | None = None
) -> Silence | None:
    """What is recorded of a silence that one coordinator saw."""
    with engine.begin() as connection:
        return record_silence(
            connection,
            began=timedelta(seconds=began),
            ended=timedelta(seconds=ended),
            lease=LEASE,
            predecessor=predecessor,
        )


def record(engine: Engine, *, began: float, ended: float = 0) -> Silence:
    silence = found(engine, began=began, ended=ended)
    assert silence is not None
    return silence


def coordinator_beat(engine: Engine, *, started: float, beat: float) -> datetime:
    """Register another coordinator that started and last beat that many seconds ago."""
    with engine.begin() as connection:
        register(connection, name="other", host="other", pid=2)
        times = {"started": timedelta(seconds=started), "beat": timedelta(seconds=beat)}
        at: datetime = connection.execute(BEAT, times).scalar_one()
    return at


def words(silence: Silence) -> str:
    since, until = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in silence)
    return f"the database did not answer from {since} to {until}"


def start_late(engine: Engine, *, due_in: float) -> uuid.UUID:
    """Start a run whose due time has passed, and return its task."""
    task, worker = new_task(engine), new_worker(engine)
    run = new_run(engine, task)
    started = start_run(engine, run, worker)
    at = run_row(engine, run).due_at + timedelta(seconds=due_in)
    change_run(engine, run, due_at=at, created_at=at - SECOND)
    finish_run(engine, started, worker, "succeeded")
    return task


def noted(engine: Engine, task: uuid.UUID) -> Noted:
    with engine.connect() as connection:
        [row] = list_ledger(connection, task_id=task, page_size=9)
    return row


@pytest.mark.parametrize("began", [12, 60])
def test_a_coordinator_that_was_cut_off_alone_blames_no_database(
    engine: Engine, began: float
) -> None:
    coordinator_beat(engine, started=90, beat=3)
    assert found(engine, began=began) is None


def test_uptime_that_goes_on_during_a_silence_shows_that_there_was_none(engine: Engine) -> None:
    up_for(engine, seconds=3600)
    coordinator_beat(engine, started=90, beat=0)
    assert found(engine, began=16) is None
    assert found(engine, began=14) is not None  # uptime may have such a gap


def test_a_silence_begins_with_the_last_answer_to_any_coordinator(engine: Engine) -> None:
    beat = coordinator_beat(engine, started=90, beat=26)
    assert record(engine, began=30).from_at == beat


@pytest.mark.parametrize(("started", "beat"), [(90, 0.5), (3, 3)])
def test_a_coordinator_that_is_back_first_hides_no_silence(
    engine: Engine, started: float, beat: float
) -> None:
    coordinator_beat(engine, started=started, beat=beat)
    silence = record(engine, began=30)
    assert silence.to_at - silence.from_at > timedelta(seconds=29)


@pytest.mark.parametrize(
    ("name", "host", "beat", "continued"),
    [
        ("other", "other", 100, True),
        ("other", "other", 200, False),
        ("another", "other", 100, False),
        ("other", "another", 100, False),
    ],
)
def test_a_silence_from_the_start_on_begins_with_the_last_answer_to_the_process_before(
    engine: Engine, name: str, host: str, beat: float, continued: bool
) -> None:
    at = coordinator_beat(engine, started=900, beat=beat)
    before = Predecessor(name, host, within=timedelta(seconds=120))
    silence = found(engine, began=15, predecessor=before)
    assert silence is not None
    assert (silence.from_at == at) is continued


@pytest.mark.parametrize("recorded_first", [True, False])
def test_a_start_that_was_late_for_it_names_it(engine: Engine, recorded_first: bool) -> None:
    silence = record(engine, began=30) if recorded_first else None
    inside, before = (start_late(engine, due_in=-seconds) for seconds in (20, 40))
    silence = silence or record(engine, began=30)
    assert (noted(engine, inside).reason, noted(engine, inside).because) == ("late", words(silence))
    assert noted(engine, before).because == "no worker was running in time"


def test_recording_waits_for_no_row_that_another_transaction_holds(engine: Engine) -> None:
    locked, free = (start_late(engine, due_in=-20) for _ in range(2))
    with engine.begin() as connection:
        connection.execute(
            text("SELECT FROM ledger WHERE task_id = :task FOR UPDATE"), {"task": locked}
        )
        silence = record(engine, began=30)
    assert noted(engine, free).because == words(silence)
    assert noted(engine, locked).because == "no worker was running in time"


def test_a_run_that_was_planned_before_and_is_left_behind_names_it(engine: Engine) -> None:
    coordinate(engine)
    run = new_run(engine, new_task(engine, catch_up="none"), due_in=5)
    age(engine, timedelta(seconds=180))
    silence = record(engine, began=178)
    new_worker(engine)
    coordinate(engine)
    settle(engine)
    row = run_row(engine, run)
    assert (row.reason_code, row.reason) == ("database_silent", f"missed: {words(silence)}")


def test_a_due_time_outside_of_it_names_what_was_not_at_work(engine: Engine) -> None:
    coordinate(engine)
    run = new_run(engine, new_task(engine, catch_up="none"), due_in=5)
    age(engine, timedelta(seconds=180))
    record(engine, began=60)
    new_worker(engine)
    coordinate(engine)
    settle(engine)
    assert run_row(engine, run).reason_code == "nothing_running"


def test_a_short_silence_that_cost_a_start_deadline_is_named(engine: Engine) -> None:
    new_worker(engine)
    run = new_run(engine, new_task(engine), due_in=-8)
    dispatch_all(engine)
    change_run(engine, run, start_by=database_now(engine) - SECOND)
    silence = record(engine, began=12)
    with engine.begin() as connection:
        assert mark_missed(connection, batch_size=9, lease=LEASE) == [run]
    row = run_row(engine, run)
    assert (row.reason_code, row.reason) == (
        "database_silent",
        f"start deadline passed: {words(silence)}",
    )


def test_silences_are_pruned_after_their_retention(engine: Engine) -> None:
    old, recent = record(engine, began=7200, ended=7100), record(engine, began=60)
    with engine.begin() as connection:
        assert prune_silences(connection, keep=timedelta(hours=1), batch_size=9) == 1
        times = [silence.from_at + SECOND for silence in (old, recent)]
        assert silences_at(connection, times) == {times[1]: recent}
