"""A run that runs on shows when it started, however the database was just then."""

import threading

from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.rows import new_run, new_task, run_row

PAST_LOCK_TIMEOUT = 7.0


def test_a_start_that_could_not_be_noted_is_noted_later(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker(drain_seconds=0)
    run = new_run(engine, new_task(engine, command="sleep 600"), due_in=2)
    publish(engine, broker)
    eventually(lambda: run_row(engine, run).state == "running", within=30, every=0.01)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        threading.Event().wait(PAST_LOCK_TIMEOUT)  # the length of the fault
    assert '"report failed"' in worker.log.read_text()
    eventually(lambda: run_row(engine, run).started_at is not None, within=30)
