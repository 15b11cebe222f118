"""An outage is one event for each team, with its tasks that missed due times or started late."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from punctual.domain.runs.reasons import ReasonCode, coded
from punctual.store.lifecycle.misfires.missed import Miss, miss
from punctual.store.outages.events import MOST_NAMED, report_outages
from tests.support.rows import database_now, new_run, new_task, new_team, run_row

HOUR = timedelta(hours=1)


def an_outage(engine: Engine, *, ended: datetime) -> None:
    statement = text("INSERT INTO outages (id, from_at, to_at) VALUES (gen_random_uuid(), :a, :b)")
    with engine.begin() as connection:
        connection.execute(statement, {"a": ended - HOUR, "b": ended})


def missed_tasks(engine: Engine, team: uuid.UUID, count: int) -> set[str]:
    tasks = [new_task(engine, team_id=team) for _ in range(count)]
    runs = [new_run(engine, task, due_in=-600) for task in tasks]
    reason = coded(ReasonCode.NOTHING_RUNNING, services=["coordinator"])
    with engine.begin() as connection:
        misses = [Miss(run, run_row(engine, run).fence, reason) for run in runs]
        assert len(miss(connection, misses)) == count
    return {str(task) for task in tasks}


def report(engine: Engine, now: datetime | None = None) -> int:
    with engine.begin() as connection:
        return report_outages(connection, now=now)


def test_each_team_with_missed_due_times_has_one_event_with_its_tasks(engine: Engine) -> None:
    ended = database_now(engine) - timedelta(minutes=5)
    an_outage(engine, ended=ended)
    few, many, none = (new_team(engine) for _ in range(3))
    new_task(engine, team_id=none)
    of_few, of_many = missed_tasks(engine, few, 2), missed_tasks(engine, many, MOST_NAMED + 3)
    assert report(engine) == 2
    assert report(engine) == 0
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM alert_events ORDER BY id")).all()
    assert {row.kind for row in rows} == {"outage"}
    details = {row.team_id: row.details for row in rows}
    assert set(details[few]["affected"]) == of_few
    assert details[few]["tasks"] == 2
    assert datetime.fromisoformat(details[few]["until"]) == ended
    assert details[many]["tasks"] == MOST_NAMED + 3
    assert set(details[many]["affected"]) < of_many
    assert len(details[many]["affected"]) == MOST_NAMED


def test_an_outage_that_harmed_no_task_is_no_event(engine: Engine) -> None:
    an_outage(engine, ended=database_now(engine) - timedelta(minutes=5))
    assert report(engine) == 0


def test_an_outage_is_reported_once_its_due_times_are_settled(engine: Engine) -> None:
    ended = database_now(engine) - timedelta(seconds=30)
    an_outage(engine, ended=ended)
    missed_tasks(engine, new_team(engine), 1)
    assert report(engine) == 0
    assert report(engine, now=ended + timedelta(seconds=90)) == 1
