"""A worker that ends gives back what waits, and leaves nothing running."""

import signal
import threading

from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.locks import waiting
from tests.support.rows import attempts_of, new_run, new_task, run_row


def test_sigterm_releases_claimed_runs_and_lets_running_ones_end(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    running = new_run(engine, new_task(engine, command="sleep 1.5; echo done"))
    claimed = new_run(engine, new_task(engine), due_in=20)
    publish(engine, broker)
    eventually(lambda: run_row(engine, claimed).state == "claimed")
    eventually(lambda: run_row(engine, running).state == "running")
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0
    assert run_row(engine, running).state == "succeeded"
    given_back = run_row(engine, claimed)
    assert (given_back.state, given_back.attempt, given_back.fence) == ("scheduled", 0, 2)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT state FROM workers")).scalar_one() == "gone"


def test_what_outlasts_the_drain_is_killed_and_tried_again(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker(drain_seconds=0.1)
    run_id = new_run(engine, new_task(engine, command="sleep 100", max_retries=1))
    publish(engine, broker)
    eventually(lambda: run_row(engine, run_id).state == "running")
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0
    run = run_row(engine, run_id)
    assert (run.state, run.attempt) == ("scheduled", 1)
    assert [attempt.state for attempt in attempts_of(engine, run_id)] == ["lost"]


def test_a_buried_worker_kills_what_it_runs_and_leaves(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker(heartbeat_seconds=0.5)
    run_id = new_run(engine, new_task(engine, command="sleep 100"))
    publish(engine, broker)
    eventually(lambda: run_row(engine, run_id).state == "running")
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET state = 'gone', gone_at = now()"))
    assert worker.end() == 1
    assert "BuriedError" in worker.log.read_text()


LENGTH_OF_THE_FAULT = 1.5


def test_a_run_that_is_being_started_when_its_worker_drains_runs_to_its_end(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    run_id = new_run(engine, new_task(engine, max_retries=0), due_in=3)
    publish(engine, broker)
    eventually(lambda: run_row(engine, run_id).state == "claimed")
    with engine.begin() as connection:
        connection.execute(text("SELECT FROM runs WHERE id = :id FOR UPDATE"), {"id": run_id})
        eventually(lambda: waiting(engine) == 1)  # its START
        worker.signal(signal.SIGTERM)
        eventually(lambda: "worker drain started" in worker.log.read_text())
        threading.Event().wait(LENGTH_OF_THE_FAULT)
    assert worker.end() == 0
    assert run_row(engine, run_id).state == "succeeded"
    assert "thread died" not in worker.log.read_text()
