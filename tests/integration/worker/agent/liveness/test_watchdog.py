"""A worker of which one loop does not turn any more ends, however well the others do."""

import signal
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from punctual_devstack.ports import free_port
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runner.harness import is_alive
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.rows import new_run, new_task, run_row

LOOPS = (
    *("main", "heartbeat", "starter", "reporter", "claimer", "events"),
    *("live output", "notices", "pushes", "consumer runs"),
)
HEARTBEAT_SECONDS = 5.0
PLANT = {"CHAOS_PLANT": "tests.faults.planted.sticks_soon"}
STATE = text("SELECT state FROM workers")


def worker_state(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(STATE).scalar_one())


@pytest.mark.parametrize("loop", LOOPS)
def test_a_stuck_loop_ends_the_worker_and_all_it_runs(
    loop: str,
    engine: Engine,
    start_worker: StartWorker,
    broker: Broker,
    tmp_path: Path,
) -> None:
    worker = start_worker(plant={**PLANT, "STICKS": loop}, heartbeat_seconds=0.5)
    pid = tmp_path / "pid"
    run = new_run(engine, new_task(engine, command=f"echo $$ >{pid}; exec sleep 600"))
    publish(engine, broker)
    main = int(eventually(lambda: pid.exists() and pid.read_text().strip(), within=60))
    eventually(lambda: run_row(engine, run).started_at, within=30)
    worker.signal(signal.SIGUSR1)
    assert worker.process.wait(90) == 1
    assert '"thread stuck"' in worker.log.read_text()
    eventually(lambda: not is_alive(main), within=30)
    if loop != "main":  # which is the one that says goodbye
        assert worker_state(engine) == "gone"
    if loop not in ("main", "reporter"):
        assert run_row(engine, run).state == "lost"


def test_a_worker_that_starts_nothing_is_not_ready(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    port = free_port()
    plant = {"CHAOS_PLANT": "tests.faults.planted.starter_sticks"}
    worker = start_worker(plant=plant, health_port=port, drain_seconds=0)
    ready = f"http://127.0.0.1:{port}/readyz"
    eventually(lambda: httpx.get(ready, timeout=10).status_code == 200, within=30)
    worker.signal(signal.SIGUSR1)
    run = new_run(engine, new_task(engine))
    publish(engine, broker)
    eventually(lambda: run_row(engine, run).state == "claimed", within=30)
    eventually(lambda: "starts: " in httpx.get(ready, timeout=10).text, within=30)
    assert httpx.get(ready, timeout=10).status_code == 503


def test_a_worker_that_was_frozen_as_a_whole_is_not_stuck(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    plant = {"CHAOS_PLANT": "tests.faults.planted.wakes_slowly"}
    worker = start_worker(plant=plant, heartbeat_seconds=HEARTBEAT_SECONDS)
    eventually(lambda: '"worker started"' in worker.log.read_text(), within=30)
    worker.signal(signal.SIGSTOP)
    # Loops then stood still for longer than they may, and the database was not away for so long.
    eventually(lambda: frozen_for(engine) > 2 * HEARTBEAT_SECONDS, within=30)
    worker.signal(signal.SIGCONT)
    run = new_run(engine, new_task(engine))
    publish(engine, broker)
    eventually(lambda: run_row(engine, run).state == "succeeded", within=30)
    worker.process.terminate()
    assert worker.end() == 0  # and 1 after a failure


def frozen_for(engine: Engine) -> float:
    """Seconds since the worker's last heartbeat."""
    statement = text("SELECT extract(epoch FROM clock_timestamp() - heartbeat_at) FROM workers")
    with engine.connect() as connection:
        return float(connection.execute(statement).scalar_one())
