"""A worker that cannot start what it claimed gives it back to those that can."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.rows import new_run, new_task, run_row

RIGHT = "EXECUTE ON FUNCTION held_run(uuid)"


@pytest.fixture
def without_start(engine: Engine) -> Iterator[None]:
    """A database in which no worker may START."""
    with engine.begin() as connection:
        connection.execute(text(f"REVOKE {RIGHT} FROM punctual_worker"))
    yield
    with engine.begin() as connection:
        connection.execute(text(f"GRANT {RIGHT} TO punctual_worker"))


@pytest.mark.usefixtures("without_start")
def test_what_it_failed_to_start_for_10_s_is_released(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    run = new_run(engine, new_task(engine))
    publish(engine, broker)
    eventually(lambda: run_row(engine, run).state == "claimed", within=30)
    eventually(lambda: '"start failed"' in worker.log.read_text(), within=30)
    eventually(lambda: run_row(engine, run).state == "scheduled", within=40)
    row = run_row(engine, run)
    assert (row.worker_id, row.attempt, row.fence) == (None, 0, 2)
    assert worker.process.poll() is None
    assert worker.log.read_text().count('"start failed"') == 1


def test_a_run_whose_command_cannot_be_made_of_what_is_stored_fails_alone(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    broken, whole = (new_run(engine, new_task(engine, max_retries=3)) for _ in range(2))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE runs SET spec = spec - 'env' WHERE id = :id"), {"id": broken}
        )
    publish(engine, broker)
    eventually(lambda: run_row(engine, whole).state == "succeeded", within=30)
    eventually(lambda: run_row(engine, broken).state == "failed", within=30)
    assert "cannot be made of what is stored" in run_row(engine, broken).reason
    assert worker.process.poll() is None
