"""The end of a command through a whole worker: nothing is lost, and what is left has a trace."""

import gzip
import json
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from punctual.messaging.broker import Broker
from punctual.store.lifecycle.cancel import cancel_run
from tests.integration.worker.conftest import StartWorker, WorkerProcess
from tests.integration.worker.runner.harness import is_alive
from tests.integration.worker.runs import ended, output_of, publish
from tests.support.eventually import eventually
from tests.support.rows import attempts_of, new_run, new_task, new_team, run_row


def run_task(engine: Engine, broker: Broker, **values: Any) -> uuid.UUID:
    run_id = new_run(engine, new_task(engine, **values))
    publish(engine, broker)
    return run_id


def script(body: str) -> dict[str, Any]:
    return {"command": "", "script": {"interpreter": "bash", "body": body}}


def events_of(worker: WorkerProcess, name: str) -> list[dict[str, object]]:
    lines = worker.log.read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    return [event for event in events if event["event"] == name]


def test_output_that_goes_through_a_process_is_whole(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    body = 'exec > >(while read -r l; do echo "$(date +%T) $l"; done)\nsleep 0.1\necho hello\n'
    runs = [run_task(engine, broker, **script(body)) for _ in range(10)]
    for run_id in runs:
        run = ended(engine, run_id)
        assert (run.state, run.left_behind) == ("succeeded", 0)
        assert output_of(engine, run_id).endswith(b" hello\n")
    assert events_of(worker, "processes left behind") == []


def test_a_process_in_the_background_leaves_a_trace(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker(end_grace_seconds=0.2)
    run_id = run_task(engine, broker, command="nohup sleep 9999 & echo started $!")
    run = ended(engine, run_id)
    assert (run.state, run.exit_code, run.left_behind) == ("succeeded", 0, 1)
    assert [attempt.left_behind for attempt in attempts_of(engine, run_id)] == [1]
    line = next(line for line in output_of(engine, run_id).splitlines() if b"started" in line)
    assert not is_alive(int(line.split()[-1]))
    [event] = events_of(worker, "processes left behind")
    assert (event["run_id"], event["attempt"], event["left_behind"]) == (str(run_id), 1, 1)


def test_a_task_has_an_end_grace_of_its_own(
    engine: Engine, start_worker: StartWorker, broker: Broker
) -> None:
    start_worker(end_grace_seconds=0)
    command = "(sleep 1; echo after) & echo before"
    patient = run_task(engine, broker, command=command, end_grace=30)
    run = ended(engine, patient)
    assert (run.left_behind, output_of(engine, patient)) == (0, b"before\nafter\n")
    other = run_task(engine, broker, command=command)
    assert ended(engine, other).left_behind > 0
    assert output_of(engine, other).startswith(b"before\n")


def test_a_run_whose_command_has_ended_can_be_cancelled_and_stays_as_it_ended(
    engine: Engine, start_worker: StartWorker, broker: Broker, tmp_path: Path
) -> None:
    start_worker()
    team_id, file = new_team(engine), tmp_path / "pid"
    command = f"sleep 9999 & echo $$ > {file}.new; mv {file}.new {file}"
    run_id = run_task(engine, broker, team_id=team_id, command=command, end_grace=60)
    eventually(file.exists)
    eventually(lambda: not is_alive(int(file.read_text())))
    with engine.begin() as connection:
        assert cancel_run(connection, run_id=run_id, team_id=team_id) == "requested"
    run = ended(engine, run_id)
    assert (run.state, run.exit_code, run.left_behind) == ("succeeded", 0, 1)


def test_a_compressed_backup_is_whole_while_the_worker_drains(
    engine: Engine, start_worker: StartWorker, broker: Broker, tmp_path: Path
) -> None:
    worker = start_worker()
    file = tmp_path / "backup.gz"
    body = f"seq 400000 | tee >(sleep 1; gzip -9 > {file} 2>/dev/null) | wc -l\n"
    run_id = run_task(engine, broker, **script(body))
    eventually(lambda: run_row(engine, run_id).state == "running")
    worker.process.terminate()
    assert worker.end() == 0
    assert run_row(engine, run_id).state == "succeeded"
    numbers = b"".join(b"%d\n" % i for i in range(1, 400_001))
    assert gzip.decompress(file.read_bytes()) == numbers
