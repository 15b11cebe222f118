"""Each service keeps and reads health under its own database role."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.health import LATE_AFTER, Health
from punctual.domain.runs.states import RunState
from punctual.store.anomalies.judgement import judge_runs
from punctual.store.driver.engine import make_engine
from punctual.store.health.counts import unhealthy_tasks
from punctual.store.health.late import note_late
from punctual.store.health.locks import lock_health
from punctual.store.lifecycle.finish import finish
from punctual.store.outages.events import report_outages
from tests.support.alerts.health import health_word, kinds_of
from tests.support.rows import new_run, new_task
from tests.support.servers import as_service
from tests.support.steps import new_worker, report_of, start_run


@pytest.fixture
def coordinator(database_url: str) -> Iterator[Engine]:
    made = make_engine(as_service(database_url, "coordinator"), service="test")
    yield made
    made.dispose()


@pytest.fixture
def worker(database_url: str) -> Iterator[Engine]:
    made = make_engine(as_service(database_url, "worker"), service="test")
    yield made
    made.dispose()


@pytest.fixture
def api(database_url: str) -> Iterator[Engine]:
    made = make_engine(as_service(database_url, "api"), service="test")
    yield made
    made.dispose()


@pytest.mark.parametrize("outcome", [RunState.SUCCEEDED, RunState.FAILED])
def test_a_worker_ends_runs_and_a_coordinator_judges_them(
    engine: Engine, worker: Engine, coordinator: Engine, outcome: RunState
) -> None:
    task, name = new_task(engine), new_worker(engine)
    report = report_of(engine, start_run(engine, new_run(engine, task), name), outcome)
    with worker.begin() as connection:
        finish(connection, worker_id=name, reports=[report])
    with coordinator.begin() as connection:
        judged = judge_runs(connection, batch_size=10, most_learned=10)
    assert judged.runs == (outcome == RunState.SUCCEEDED)
    ok = outcome == RunState.SUCCEEDED
    assert health_word(engine, task) == (Health.OK if ok else Health.FAILING)
    assert kinds_of(engine, task) == ([] if ok else ["failed"])


def test_a_coordinator_notes_late_tasks_and_outages(engine: Engine, coordinator: Engine) -> None:
    new_run(engine, new_task(engine), due_in=-LATE_AFTER.total_seconds() - 10)
    with coordinator.begin() as connection:
        assert note_late(connection, after=LATE_AFTER, batch_size=10).begun == 1
        outage = text(
            "INSERT INTO outages (id, from_at, to_at) VALUES (gen_random_uuid(),"
            " now() - interval '1 day', now() - interval '2 minutes')"
        )
        connection.execute(outage)
        report_outages(connection)
        connection.execute(text("UPDATE runs SET state = 'cancelled', finished_at = now()"))
        assert note_late(connection, after=timedelta(0), batch_size=10).ended == 1


def test_an_api_counts_and_locks_and_changes_tasks(engine: Engine, api: Engine) -> None:
    task = new_task(engine)
    with api.begin() as connection:
        lock_health(connection, [task])
        assert unhealthy_tasks(connection) == {}
        connection.execute(text("UPDATE tasks SET enabled = false"))
    assert health_word(engine, task) == Health.PAUSED
