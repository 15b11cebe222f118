"""A run that was started for a runner that never launched it is given back, not lost."""

import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from punctual.messaging.broker import Broker
from punctual.store.processes.workers import runs_of_worker
from punctual_worker.agent.attempts.active_attempts import ActiveAttempts, key_of
from punctual_worker.agent.clock import DatabaseClock
from punctual_worker.agent.launch.starter import START_LEAD
from punctual_worker.agent.reconciler import Reconciler
from punctual_worker.agent.run_queue import RunQueue
from tests.integration.worker.conftest import StartWorker, WorkerProcess
from tests.integration.worker.runs import publish
from tests.support.eventually import eventually
from tests.support.rows import attempts_of, new_run, new_task, run_row
from tests.support.steps import new_worker, start_run


class Scene:
    """A worker whose runner is stopped, with runs that it has STARTed and not launched."""

    def __init__(self, engine: Engine, worker: WorkerProcess, broker: Broker, folder: Path) -> None:
        self.engine = engine
        self.worker = worker
        self._broker = broker
        self._folder = folder
        self.launched = self.run(f"echo $PPID >{folder}/runner; exec sleep 600")
        file = folder / "runner"
        self.runner = int(eventually(lambda: file.exists() and file.read_text().strip(), within=60))
        eventually(lambda: run_row(engine, self.launched).started_at, within=30)
        os.kill(self.runner, signal.SIGSTOP)
        self.runs = [self.run(f"touch {folder}/ran") for _ in range(3)]
        eventually(self._all_are_running, within=30)
        self.dues = [run_row(engine, run).due_at for run in self.runs]

    def run(self, command: str) -> uuid.UUID:
        """Publish a run that is due now and may be attempted once."""
        run = new_run(self.engine, new_task(self.engine, command=command, max_retries=0))
        publish(self.engine, self._broker)
        return run

    def _all_are_running(self) -> bool:
        return all(run_row(self.engine, run).state == "running" for run in self.runs)

    def all_were_given_back(self) -> None:
        """The runs wait for another worker, and have lost nothing."""
        for run, due_at in zip(self.runs, self.dues, strict=True):
            row = run_row(self.engine, run)
            assert (row.state, row.attempt, row.due_at) == ("scheduled", 0, due_at), row.reason
            assert attempts_of(self.engine, run) == []
        assert not (self._folder / "ran").exists()


NewScene = Callable[..., Scene]


@pytest.fixture
def new_scene(
    engine: Engine, start_worker: StartWorker, broker: Broker, tmp_path: Path
) -> NewScene:
    def begin(**settings: object) -> Scene:
        worker = start_worker(heartbeat_seconds=0.5, **settings)
        return Scene(engine, worker, broker, tmp_path)

    return begin


def test_a_stopped_runner_loses_no_run_that_it_had_not_launched(new_scene: NewScene) -> None:
    scene = new_scene()
    assert scene.worker.process.wait(90) == 1
    scene.all_were_given_back()
    lost = run_row(scene.engine, scene.launched)
    assert (lost.state, "stopped answering" in lost.reason) == ("lost", True)


def test_a_killed_runner_loses_no_run_that_it_had_not_launched(new_scene: NewScene) -> None:
    scene = new_scene()
    os.kill(scene.runner, signal.SIGKILL)
    assert scene.worker.process.wait(90) == 1
    scene.all_were_given_back()
    lost = run_row(scene.engine, scene.launched)
    assert (lost.state, lost.reason) == ("lost", "its runner was killed or failed")
    assert lost.started_at


def test_a_worker_that_leaves_gives_back_what_its_stopped_runner_has_not_launched(
    new_scene: NewScene,
) -> None:
    scene = new_scene(drain_seconds=0, kill_grace_seconds=0.5)
    scene.worker.signal(signal.SIGTERM)
    scene.worker.process.wait(90)
    scene.all_were_given_back()


def test_what_is_called_off_before_its_launch_is_given_back(new_scene: NewScene) -> None:
    scene = new_scene(drain_seconds=0)
    scene.worker.signal(signal.SIGTERM)
    eventually(lambda: "running commands killed" in scene.worker.log.read_text(), within=30)
    os.kill(scene.runner, signal.SIGCONT)
    assert scene.worker.process.wait(90) == 0
    scene.all_were_given_back()
    assert run_row(scene.engine, scene.launched).reason == (
        "its worker shut down before it had finished"
    )


class Reconciled:
    """What the reconciler of a worker without memory does about what the database says."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.worker = new_worker(engine)
        self.running = ActiveAttempts()
        self.reports: list[object] = []
        self._reconcile = Reconciler(
            engine,
            RunQueue(slots=4, lead=START_LEAD),
            self.running,
            DatabaseClock(),
            worker_id=self.worker,
            cancel=lambda _run_id: None,
            report=self.reports.append,
        )

    def beat(self) -> None:
        """Do what a heartbeat does."""
        with self.engine.connect() as connection:
            claimed = runs_of_worker(connection, worker_id=self.worker)
        self._reconcile(claimed)


def test_a_start_that_its_worker_never_learned_of_is_given_back(engine: Engine) -> None:
    scene, run = Reconciled(engine), new_run(engine, new_task(engine))
    start_run(engine, run, scene.worker)
    scene.beat()
    assert run_row(engine, run).state == "running"
    scene.beat()
    assert (run_row(engine, run).state, run_row(engine, run).attempt) == ("scheduled", 0)
    assert scene.reports == []


def test_a_run_whose_report_was_refused_is_reported_as_lost(engine: Engine) -> None:
    scene, run = Reconciled(engine), new_run(engine, new_task(engine))
    started = start_run(engine, run, scene.worker)
    scene.running.refused(key_of(run, started.fence))
    scene.beat()
    scene.beat()
    assert run_row(engine, run).state == "running"
    [report] = scene.reports
    assert report.outcome == "lost"  # type: ignore[attr-defined]
