"""The share of starts on time, and how it is kept."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.states import Trigger
from punctual.store.lifecycle.finish import finish
from punctual.store.lifecycle.reap import reap_running
from punctual.store.runs.punctuality import OnTime, fold, on_time
from punctual_coordinator.duties.punctuality_rollup import PunctualityRollup
from tests.support.rows import new_run, new_task, new_team, run_row
from tests.support.steps import finish_run, new_worker, report_of, start_run


@pytest.fixture
def ann(engine: Engine) -> uuid.UUID:
    return new_team(engine)


def started_late(
    engine: Engine, team: uuid.UUID, *, late_ms: int, trigger: Trigger = Trigger.SCHEDULE
) -> None:
    """A run that ended, whose command started some milliseconds after it was due."""
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, team_id=team), trigger=trigger)
    started = start_run(engine, run, worker)
    at = started.due_at + timedelta(milliseconds=late_ms)
    finish_run(engine, started, worker, "succeeded", started_at=at)


def figure(engine: Engine, team: uuid.UUID | None = None) -> OnTime:
    with engine.connect() as connection:
        return on_time(connection, team_ids=None if team is None else [team])


def tallies(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM start_tallies")).scalar_one())


def test_a_start_is_on_time_up_to_a_second_and_not_beyond(engine: Engine, ann: uuid.UUID) -> None:
    for late_ms in (0, 1000, 1001):
        started_late(engine, ann, late_ms=late_ms)
    assert figure(engine, ann) == OnTime(starts=3, on_time=2)
    assert figure(engine, new_team(engine)) == OnTime()


def test_folding_changes_no_figure_and_leaves_no_tally(engine: Engine, ann: uuid.UUID) -> None:
    bob = new_team(engine)
    for team in (ann, ann, bob):
        started_late(engine, team, late_ms=5)
    before = figure(engine), figure(engine, ann)
    assert before == (OnTime(3, 3), OnTime(2, 2))
    assert PunctualityRollup(engine, batch=2).run_once().tallies == 3
    assert tallies(engine) == 0
    started_late(engine, ann, late_ms=2000)
    assert PunctualityRollup(engine).run_once().tallies == 1
    assert (figure(engine), figure(engine, ann)) == (OnTime(4, 3), OnTime(3, 2))


def test_two_coordinators_fold_a_tally_once(engine: Engine, ann: uuid.UUID) -> None:
    started_late(engine, ann, late_ms=5)
    with engine.begin() as first, engine.begin() as second:
        assert (fold(first, batch_size=10), fold(second, batch_size=10)) == (1, 0)
    assert figure(engine) == OnTime(1, 1)


def test_the_figure_outlives_its_runs_and_looks_back_thirty_days(
    engine: Engine, ann: uuid.UUID
) -> None:
    started_late(engine, ann, late_ms=5)
    PunctualityRollup(engine).run_once()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM runs"))
        connection.execute(text("UPDATE punctuality SET day = day - 29"))
    assert figure(engine, ann) == OnTime(1, 1)
    with engine.begin() as connection:
        connection.execute(text("UPDATE punctuality SET day = day - 1"))
    assert figure(engine, ann) == OnTime()


def test_a_report_that_is_repeated_is_one_start(engine: Engine, ann: uuid.UUID) -> None:
    worker = new_worker(engine)
    started = start_run(engine, new_run(engine, new_task(engine, team_id=ann)), worker)
    report = report_of(engine, started, "succeeded", started_at=started.due_at)
    for _ in range(2):
        with engine.begin() as connection:
            finish(connection, worker_id=worker, reports=[report])
    assert figure(engine) == OnTime(1, 1)


def test_every_attempt_that_started_counts_and_a_backfill_does_not(
    engine: Engine, ann: uuid.UUID
) -> None:
    worker = new_worker(engine)
    run = new_run(engine, new_task(engine, team_id=ann, max_retries=1, retry_delay=0))
    for outcome in ("failed", "succeeded"):
        finish_run(engine, start_run(engine, run, worker), worker, outcome)
    assert run_row(engine, run).state == "succeeded"
    started_late(engine, ann, late_ms=5, trigger=Trigger.BACKFILL)
    assert figure(engine).starts == 2


@pytest.mark.parametrize(("reported", "starts"), [(True, 1), (False, 0)])
def test_a_lost_attempt_counts_if_its_start_was_reported(
    engine: Engine, ann: uuid.UUID, reported: bool, starts: int
) -> None:
    worker = new_worker(engine)
    started = start_run(engine, new_run(engine, new_task(engine, team_id=ann)), worker)
    with engine.begin() as connection:
        if reported:
            connection.execute(
                text("UPDATE runs SET started_at = due_at, lateness_ms = 0 WHERE id = :id"),
                {"id": started.run_id},
            )
        connection.execute(text("UPDATE workers SET state = 'gone', gone_at = now()"))
    with engine.begin() as connection:
        assert [run.state for run in reap_running(connection, batch_size=9)] == ["lost"]
    assert figure(engine) == OnTime(starts, starts)
