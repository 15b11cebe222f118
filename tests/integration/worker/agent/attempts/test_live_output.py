"""A worker reports what a running command has written, with no more rights than it has."""

import os
import signal
import uuid
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from punctual.store.lifecycle.reap import bury, reap_running
from punctual.store.runs.live_output import request_output
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import output_of
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, new_run, new_task, run_row

LIVE_OUTPUT = text("SELECT data FROM live_outputs")


def test_each_look_brings_what_was_written_until_then(
    engine: Engine, start_worker: StartWorker, tmp_path: Path
) -> None:
    start_worker(heartbeat_seconds=0.5, drain_seconds=0.1)
    # One for each wait: a second read of the first may find its writer still there, and go on.
    gate, end = tmp_path / "gate", tmp_path / "end"
    command = (
        f"mkfifo -m 666 {gate} {end}; echo one; read -r _ < {gate}; echo two; read -r _ < {end}"
    )
    run_id = new_run(engine, new_task(engine, command=command))
    dispatch_all(engine)

    def live_output() -> bytes:
        with engine.begin() as connection:
            request_output(connection, run_id=run_id)
            return bytes(connection.execute(LIVE_OUTPUT).scalar_one_or_none() or b"")

    eventually(lambda: live_output() == b"one\n")
    with gate.open("w") as opened:
        opened.write("\n")
    eventually(lambda: live_output() == b"one\ntwo\n")


def seen_running(engine: Engine) -> uuid.UUID:
    """A run that hangs after a line, and whose output a user has opened."""
    run_id = new_run(engine, new_task(engine, command="echo one; exec sleep 600"))
    dispatch_all(engine)

    def seen() -> bool:
        with engine.begin() as connection:
            request_output(connection, run_id=run_id)
            return bytes(connection.execute(LIVE_OUTPUT).scalar_one_or_none() or b"") == b"one\n"

    eventually(seen)
    return run_id


def test_what_was_seen_outlives_a_worker_that_is_killed(
    engine: Engine, start_worker: StartWorker
) -> None:
    worker = start_worker(heartbeat_seconds=0.5)
    run_id = seen_running(engine)
    worker.signal(signal.SIGKILL)
    worker.end()
    with engine.begin() as connection:
        bury(connection, lease=timedelta(0))
        reap_running(connection, batch_size=10)
    run = run_row(engine, run_id)
    assert (run.state, run.output_bytes, run.output_truncated) == ("lost", 4, True)
    assert run.reason.endswith("; its stored output may be incomplete")
    assert output_of(engine, run_id) == b"one\n"


def test_what_was_seen_outlives_a_runner_that_is_killed(
    engine: Engine, start_worker: StartWorker
) -> None:
    worker = start_worker(heartbeat_seconds=0.5)
    run_id = seen_running(engine)
    os.kill(runner_of(worker.process.pid), signal.SIGKILL)
    worker.end()
    run = run_row(engine, run_id)
    assert (run.state, run.output_bytes, run.output_truncated) == ("lost", 4, True)
    assert output_of(engine, run_id) == b"one\n"


def runner_of(pid: int) -> int:
    """The runner of this worker, its one child."""
    [child] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
