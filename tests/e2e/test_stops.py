"""`make run` told to stop while a command runs, as supervisors and impatient people do it."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from punctual_devstack.account import reachable_temporary
from punctual_devstack.supervisor import REPEAT_SECONDS
from tests.e2e.test_local_stack import touching
from tests.support.eventually import eventually
from tests.support.product import Product

ROOT = Path(__file__).parents[2]


@contextmanager
def made(**environ: str) -> Iterator[tuple[Product, "subprocess.Popen[bytes]"]]:
    """The stack that `make run` starts, and that process; nothing is left of it at the end."""
    data_dir = reachable_temporary("punctual-stops-")
    product = Product(data_dir, environ=environ)
    with subprocess.Popen(
        ["make", "run"],
        cwd=ROOT,
        env=product.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as make:
        assert make.stdout is not None
        assert f"ready {product.url}\n".encode() in iter(make.stdout.readline, b"")
        yield product, make
    assert touching(data_dir) == []
    assert not list((data_dir / "pids").glob("*.pid"))
    shutil.rmtree(data_dir)


def started(product: Product, command: str, mark: Path) -> None:
    """Run a command, and return when it says that it runs."""
    with closing(product.user("ann")) as ann:
        task = {"command": f"echo >>{mark}; {command}", "max_retries": 0}
        task_id = ann.post("/api/tasks/", json=task).raise_for_status().json()["id"]
        ann.post(f"/api/tasks/{task_id}/run/").raise_for_status()
    eventually(mark.exists, within=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_running_command_may_end_however_often_the_group_is_told(
    open_folder: Path, number: signal.Signals
) -> None:
    end = open_folder / "end"
    with made(PUNCTUAL_DRAIN_SECONDS="") as (product, make):  # the default, 30 s
        started(product, f"sleep 6; echo >>{end}", open_folder / "start")
        for _ in range(3):
            os.killpg(make.pid, number)
        make.wait(45)
        assert end.exists()
        # The database was there until the end was written.
        assert '"worker left"' in product.log("worker-1")
        assert "killing what still runs" not in product.log("worker-1")


def test_a_signal_after_that_ends_what_runs(open_folder: Path) -> None:
    with made(PUNCTUAL_DRAIN_SECONDS="600") as (product, make):
        started(product, "sleep 600", open_folder / "start")
        os.killpg(make.pid, signal.SIGTERM)
        eventually(lambda: "worker draining" in product.log("worker-1"))
        threading.Event().wait(REPEAT_SECONDS + 0.5)  # what a person waits before losing patience
        os.kill(int((product.data_dir / "lock").read_text()), signal.SIGTERM)
        make.wait(30)
        assert "killing what still runs" in product.log("worker-1")
        assert '"worker left"' in product.log("worker-1")
