"""Real worker processes on the test's servers."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from punctual.messaging.broker import Broker
from tests.support.eventually import eventually
from tests.support.servers import as_service


class WorkerProcess:
    """One `python -m punctual_worker`, and what became of it."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "punctual_worker"],
                env={"PATH": os.environ["PATH"], **environ},
                stdin=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        """Signal the agent, as kill(1) does."""
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait until it has ended; answers its exit code."""
        return self.process.wait(30)


StartWorker = Callable[..., WorkerProcess]


@pytest.fixture
def broker(redis_url: str, namespace: str) -> Broker:
    return Broker(redis_url, namespace=namespace)


@pytest.fixture
def start_worker(
    database_url: str, redis_url: str, namespace: str, engine: Engine, tmp_path: Path
) -> Iterator[StartWorker]:
    """Starts workers; returns each when it is registered. Settings by name, without prefix.

    `plant`: CHAOS_PLANT, a module to be imported before the product is, and what that reads.
    """
    started: list[WorkerProcess] = []

    def start(
        name: str = "worker-1", *, plant: dict[str, str] | None = None, **settings: object
    ) -> WorkerProcess:
        # Most commands here write into folders of the test, which only its own user enters.
        own = {"PUNCTUAL_COMMAND_USER": "root"} if os.geteuid() == 0 else {}
        environ = {
            "PUNCTUAL_DATABASE_URL": as_service(database_url, "worker"),
            "PUNCTUAL_REDIS_URL": redis_url,
            "PUNCTUAL_NAMESPACE": namespace,
            "PUNCTUAL_NAME": name,
            "PUNCTUAL_WORK_DIR": str(tmp_path / name),
            **own,
        }
        if plant:
            chaos = Path(__file__).parents[2] / "faults"
            planted = f"{chaos / 'planted'}{os.pathsep}{chaos.parents[1]}"
            environ |= {"PYTHONPATH": planted, **plant}
        environ |= {f"PUNCTUAL_{key.upper()}": str(value) for key, value in settings.items()}
        environ = {name: value for name, value in environ.items() if value}
        worker = WorkerProcess(environ, tmp_path / f"{name}-{len(started)}.log")
        started.append(worker)
        alive = text("SELECT id FROM workers WHERE name = :name AND state = 'active'")

        def registered() -> bool:
            with engine.connect() as connection:
                return connection.execute(alive, {"name": name}).first() is not None

        eventually(registered)
        return worker

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.signal(signal.SIGCONT)
            worker.signal(signal.SIGTERM)
    for worker in started:
        worker.end()
