"""What a worker claims of what a message names, and when."""

import os
import uuid
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from punctual.messaging.broker import Broker
from punctual.store.processes.workers import register
from punctual_worker.agent.claimer import Claimer
from punctual_worker.agent.run_queue import RunQueue
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.rows import database_now, dispatch_all, new_run, new_task, new_team, run_row
from tests.support.steps import change_run


def test_a_message_that_comes_before_the_first_pull_is_heeded(engine: Engine) -> None:
    run_id = new_run(engine, new_task(engine), due_in=20)
    with engine.begin() as connection:
        worker_id = register(connection, name="worker-1", host="here", pid=1, slots=2)
    claimer = Claimer(
        engine,
        RunQueue(slots=2, lead=timedelta(milliseconds=330)),
        worker_id=worker_id,
        pull_ahead=timedelta(seconds=3),
        room_elsewhere=lambda: 0,
    )
    claimer.on_message([(queued.run_id, queued.fence) for queued in dispatch_all(engine)])
    claimed = run_row(engine, run_id)
    assert (claimed.state, claimed.worker_id) == ("claimed", worker_id)


def test_what_follows_waits_in_the_worker_before_the_slots_are_free_for_it(
    engine: Engine, start_worker: StartWorker, broker: Broker, tmp_path: Path
) -> None:
    # So seldom does it beat that only the start of the first can have it look for the second.
    lease = {"heartbeat_seconds": 30, "self_fence_seconds": 60, "lease_seconds": 120}
    start_worker(slots=1, drain_seconds=0.1, **lease)
    gate = tmp_path / "gate"
    command = f"mkfifo -m 666 {gate}; read -r _ < {gate}"
    first, second = (new_run(engine, new_task(engine, command=command), due_in=2) for _ in "12")
    publish(engine, broker)

    def states() -> set[str]:
        return {run_row(engine, run_id).state for run_id in (first, second)}

    eventually(lambda: states() == {"claimed", "queued"})
    eventually(lambda: states() == {"running", "claimed"}, within=5)


def test_urgent_runs_start_before_what_waits_in_the_worker_already(
    engine: Engine, start_worker: StartWorker, broker: Broker, tmp_path: Path
) -> None:
    start_worker(slots=2, drain_seconds=0.1)
    team, gate = new_team(engine), tmp_path / "gate"
    os.mkfifo(gate, 0o666)
    gate.chmod(0o666)

    def queued(count: int, priority: int, command: str) -> list[uuid.UUID]:
        task = new_task(engine, team_id=team, overlap="allow", priority=priority, command=command)
        runs = [new_run(engine, task) for _ in range(count)]
        for run in runs:
            change_run(engine, run, due_at=at)
        publish(engine, broker)
        return runs

    at = database_now(engine)
    busy = queued(2, 5, f"read -r _ < {gate}")
    eventually(lambda: {run_row(engine, run).state for run in busy} == {"running"})
    low = queued(6, 1, "true")
    eventually(lambda: sum(run_row(engine, run).state == "claimed" for run in low) == 2)
    high = queued(2, 9, "true")
    eventually(lambda: {run_row(engine, run).state for run in high} == {"claimed"})
    with gate.open("w") as opened:
        opened.write("go\ngo\n")

    def all_done() -> bool:
        dispatch_all(engine)  # what was given back goes to the workers again
        return {run_row(engine, run).state for run in low + high} == {"succeeded"}

    eventually(all_done, within=30)
    began = {run: run_row(engine, run).started_at for run in low + high}
    assert max(began[run] for run in high) < min(began[run] for run in low)
