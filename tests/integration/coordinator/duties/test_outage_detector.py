"""A gap between passes becomes an outage, once, whichever coordinator comes back first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from punctual.store.outages.outages import TeamsOutage, list_outages, prune_outages
from punctual_coordinator.duties.outage_detector import OutageDetector
from tests.support.rows import database_now, new_team

HOUR = timedelta(hours=1)


def outages(engine: Engine) -> list[TeamsOutage]:
    with engine.connect() as connection:
        return list_outages(connection, team_ids=[new_team(engine)], page_size=10)


def last_pass(engine: Engine, at: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM last_pass"))
        connection.execute(text("INSERT INTO last_pass (at) VALUES (:at)"), {"at": at})


def test_a_first_start_is_no_outage(engine: Engine) -> None:
    assert OutageDetector(engine, sweep_seconds=5).run_once().gap_seconds == 0
    assert outages(engine) == []


def test_passes_that_follow_each_other_are_no_outage(engine: Engine) -> None:
    watch = OutageDetector(engine, sweep_seconds=5)
    watch.mark_pass()
    now = database_now(engine)
    assert watch.run_once(now=now + timedelta(seconds=59)).gap_seconds == 0
    assert outages(engine) == []


def test_an_hour_without_a_pass_is_an_outage_of_an_hour(engine: Engine) -> None:
    now = database_now(engine)
    last_pass(engine, now - HOUR)
    watch = OutageDetector(engine, sweep_seconds=5)
    assert watch.run_once(now=now).gap_seconds == 3600
    assert watch.run_once(now=now).gap_seconds == 0
    [outage] = outages(engine)
    assert (outage.gap.from_at, outage.gap.to_at) == (now - HOUR, now)


def test_slow_sweeps_have_more_patience(engine: Engine) -> None:
    now = database_now(engine)
    last_pass(engine, now - timedelta(minutes=14))
    assert OutageDetector(engine, sweep_seconds=300).run_once(now=now).gap_seconds == 0


def test_of_many_coordinators_that_return_at_once_one_records_the_outage(engine: Engine) -> None:
    last_pass(engine, database_now(engine) - HOUR)
    watches = [OutageDetector(engine, sweep_seconds=5) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda watch: watch.run_once(), watches))
    assert [report.gap_seconds > 0 for report in reports].count(True) == 1
    assert len(outages(engine)) == 1


def test_an_outage_that_goes_on_becomes_longer_and_not_two(engine: Engine) -> None:
    now = database_now(engine)
    last_pass(engine, now - HOUR)
    watch = OutageDetector(engine, sweep_seconds=5)
    watch.run_once(now=now)  # and then the pass itself fails, for two minutes
    watch.run_once(now=now + timedelta(minutes=2))
    [outage] = outages(engine)
    assert outage.gap.to_at - outage.gap.from_at == HOUR + timedelta(minutes=2)


def test_old_outages_are_pruned(engine: Engine) -> None:
    now = database_now(engine)
    last_pass(engine, now - 3 * HOUR)
    OutageDetector(engine, sweep_seconds=5).run_once(now=now - 2 * HOUR)
    with engine.begin() as connection:
        assert prune_outages(connection, keep=3 * HOUR, batch_size=10) == 0
        assert prune_outages(connection, keep=HOUR, batch_size=10) == 1


def test_a_stop_shorter_than_an_outage_is_a_break_from_its_end_on(engine: Engine) -> None:
    now = database_now(engine)
    last_pass(engine, now - timedelta(seconds=40))
    with engine.begin() as connection:
        connection.execute(text("UPDATE last_pass SET since = at - interval '1 hour'"))
    watch = OutageDetector(engine, sweep_seconds=5)
    for later in (0, 5):  # the second one finds that the first pass is not through yet
        assert watch.run_once(now=now + timedelta(seconds=later)).gap_seconds == 0
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM last_pass")).one()
    assert (row.since, row.stopped_at) == (now, now - timedelta(seconds=40))
