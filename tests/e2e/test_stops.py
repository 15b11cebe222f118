"""`make run` is stopped while a command runs, as supervisors and impatient people do it."""

import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

from punctual_devstack.processes.supervisor import REPEAT_SECONDS
from tests.support.eventually import eventually
from tests.support.make_run import make_run
from tests.support.product import Product


def started(product: Product, command: str, mark: Path) -> None:
    """Run a command, and return when it says that it runs."""
    with closing(product.user("ann")) as ann:
        task = {"command": f"echo >>{mark}; {command}", "max_retries": 0}
        task_id = ann.post("/api/tasks/", json=task).raise_for_status().json()["id"]
        ann.post(f"/api/tasks/{task_id}/run/").raise_for_status()
    eventually(mark.exists, within=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_running_command_may_end_however_often_the_group_is_signalled(
    open_folder: Path, number: signal.Signals
) -> None:
    end = open_folder / "end"
    with make_run(PUNCTUAL_DRAIN_SECONDS="") as (product, make):  # the default, 30 s
        started(product, f"sleep 6; echo >>{end}", open_folder / "start")
        for _ in range(3):
            os.killpg(make.pid, number)
        make.wait(45)
        assert end.exists()
        # The database was there until the end was written.
        assert '"worker stopped"' in product.log("worker-1")
        assert "running commands killed" not in product.log("worker-1")


def test_a_signal_after_that_ends_what_runs(open_folder: Path) -> None:
    with make_run(PUNCTUAL_DRAIN_SECONDS="600") as (product, make):
        started(product, "sleep 600", open_folder / "start")
        os.killpg(make.pid, signal.SIGTERM)
        eventually(lambda: "worker drain started" in product.log("worker-1"))
        threading.Event().wait(REPEAT_SECONDS + 0.5)  # what a person waits before losing patience
        os.kill(int((product.data_dir / "lock").read_text()), signal.SIGTERM)
        make.wait(30)
        assert "running commands killed" in product.log("worker-1")
        assert '"worker stopped"' in product.log("worker-1")
