"""A runner that does not answer is ended with all it started, and its worker with it."""

import os
import signal
import uuid
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from punctual.messaging.broker import Broker
from punctual_worker.agent.runner_link.client import RunnerClient
from punctual_worker.agent.runner_link.stale_runners import end_stale_runners
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runner.harness import Stage, is_alive
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.rows import attempts_of, new_run, new_task, run_row


def pid_in(file: Path) -> int:
    """The pid that a command wrote into a file."""
    return int(eventually(lambda: file.exists() and file.read_text().strip(), within=60))


def test_a_command_that_stops_the_runner_ends_its_worker_and_loses_no_run(
    engine: Engine, start_worker: StartWorker, broker: Broker, tmp_path: Path
) -> None:
    worker = start_worker(heartbeat_seconds=0.5)

    def run(command: str, **policies: Any) -> uuid.UUID:
        return new_run(engine, new_task(engine, command=command, **policies))

    bystander = run(f"echo $$ >{tmp_path}/bystander; sleep 600", max_retries=0)
    away = run(
        f"setsid sh -c 'echo $$ >{tmp_path}/away; exec sleep 600' & sleep 600", max_retries=1
    )
    publish(engine, broker)
    pids = [pid_in(tmp_path / name) for name in ("bystander", "away")]
    stopping = run("kill -STOP $PPID; sleep 600", max_retries=0)
    publish(engine, broker)
    assert worker.process.wait(90) == 1
    assert not any(is_alive(pid) for pid in pids)
    assert run_row(engine, bystander).state == "lost"
    assert run_row(engine, stopping).state == "lost"
    assert "stopped answering" in str(run_row(engine, bystander).reason)
    assert run_row(engine, away).state == "scheduled"  # it has retries left
    [attempt] = attempts_of(engine, away)
    assert attempt.state == "lost"
    assert '"runner stuck"' in worker.log.read_text()


def test_a_busy_runner_answers(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "work")
    for key in [stage.start("yes") for _ in range(8)]:
        stage.started(key)
    before = stage.client.received  # these commands have nothing more to report
    stage.client.ping()
    eventually(lambda: stage.client.received > before, within=30)
    stage.close()


def test_a_stopped_runner_whose_agent_is_gone_is_ended_before_another_is_launched(
    engine: Engine, start_worker: StartWorker, broker: Broker, tmp_path: Path
) -> None:
    worker = start_worker("worker-1", drain_seconds=0)
    command = f"echo $PPID >{tmp_path}/runner; echo $$ >{tmp_path}/command; sleep 600"
    new_run(engine, new_task(engine, command=command))
    publish(engine, broker)
    runner, main = pid_in(tmp_path / "runner"), pid_in(tmp_path / "command")
    os.kill(runner, signal.SIGSTOP)
    worker.signal(signal.SIGKILL)
    worker.process.wait()
    assert is_alive(main)
    start_worker("worker-1", drain_seconds=0)
    eventually(lambda: not is_alive(runner), within=30)
    eventually(lambda: not is_alive(main), within=30)


def test_a_runner_that_has_an_agent_is_left_alone(tmp_path: Path) -> None:
    client = RunnerClient.launch(work_dir=tmp_path)
    client.wait_up()
    end_stale_runners(tmp_path, None)
    assert client.alive
    client.close()
