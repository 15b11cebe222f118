"""A worker tells what a running command has written, with no more rights than it has."""

from pathlib import Path

from sqlalchemy import Engine, text

from punctual.store.live_output import ask_for_output
from tests.integration.worker.conftest import StartWorker
from tests.support.eventually import eventually
from tests.support.rows import dispatch_all, new_run, new_task

TOLD = text("SELECT data FROM live_outputs")


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

    def told() -> bytes:
        with engine.begin() as connection:
            ask_for_output(connection, run_id=run_id)
            return bytes(connection.execute(TOLD).scalar_one_or_none() or b"")

    eventually(lambda: told() == b"one\n")
    with gate.open("w") as opened:
        opened.write("\n")
    eventually(lambda: told() == b"one\ntwo\n")
