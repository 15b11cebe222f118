"""How many slots of a worker are free, as its metrics say."""

import re
from datetime import datetime

import httpx
from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from punctual_devstack.ports import free_port
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.rows import new_run, new_task, run_row

BEATS = text("SELECT heartbeat_at FROM workers WHERE room = 0")


def test_a_run_that_is_claimed_ahead_takes_no_slot_and_one_that_runs_does(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    port = free_port()
    start_worker(slots=1, heartbeat_seconds=0.5, drain_seconds=0, health_port=port)

    def room() -> float:
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        found = re.search(r"^punctual_worker_room (\S+)$", metrics, re.M)
        assert found
        return float(found[1])

    def beat() -> datetime | None:
        """When the worker last said, with a run in its hands, that it wants no more of them."""
        with engine.connect() as connection:
            found: datetime | None = connection.execute(BEATS).scalar()
        return found

    run = new_run(engine, new_task(engine, command="sleep 30"), due_in=8)
    publish(engine, broker)
    eventually(lambda: run_row(engine, run).state == "claimed", within=20)
    first = eventually(beat)
    eventually(lambda: beat() != first)  # so the metric is that of a beat with the run
    assert room() == 1
    eventually(lambda: run_row(engine, run).state == "running", within=30)
    eventually(lambda: room() == 0)
