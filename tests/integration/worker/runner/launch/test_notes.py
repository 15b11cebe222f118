"""After a runner's death its agent knows for certain which attempts were never launched."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import (
    Stage,
    descendants,
    in_seconds,
    is_alive,
    wait_until,
)
from tests.support.eventually import eventually


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_what_a_stopped_runner_did_not_launch_is_known(stage: Stage, tmp_path: Path) -> None:
    running = stage.start_ready("touch $READY; exec sleep 600")
    os.kill(stage.client.pid, signal.SIGSTOP)
    eventually(lambda: stopped(stage.client.pid))
    ordered = [stage.start(f"touch {tmp_path}/ran-{n}") for n in range(3)]
    assert not stage.client.has_not_launched(ordered[0])  # while it may still come to it
    stage.client.kill()
    assert [stage.client.has_not_launched(key) for key in (running, *ordered)] == [False] + [
        True
    ] * 3
    assert stage.client.launched_ns(running)
    assert not list(tmp_path.glob("ran-*"))


@pytest.mark.usefixtures("dash")
def test_a_shell_that_waits_at_its_gate_has_not_been_launched(stage: Stage, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    key, shells, at_ns = stop_with_a_shell_at_its_gate(stage, proof)
    os.kill(stage.client.pid, signal.SIGKILL)
    wait_until(at_ns)
    stage.wait_until_gone()
    assert stage.client.has_not_launched(key)
    assert not any(map(is_alive, shells))
    assert not proof.exists()


def stop_with_a_shell_at_its_gate(stage: Stage, proof: Path) -> tuple[str, list[int], int]:
    """Have a runner stopped before the instant of a shell that would leave a file as proof.

    Where the machine was busy until that, another one is tried. Answers key, processes and instant.
    """
    for _ in range(20):
        at_ns = in_seconds(0.4)
        key = stage.start(f"touch {proof}; sleep 600", at_ns=at_ns)
        shells = eventually(lambda: descendants(stage.client.pid))
        os.kill(stage.client.pid, signal.SIGSTOP)
        eventually(lambda: stopped(stage.client.pid))
        if time.monotonic_ns() < at_ns:
            return key, shells, at_ns
        os.kill(stage.client.pid, signal.SIGCONT)
        stage.client.stop(key, "late")
        stage.ended(key)
        proof.unlink(missing_ok=True)
    raise AssertionError("this machine never got to see a pre-started shell in time")


@pytest.mark.usefixtures("dash")
def test_a_shell_that_was_let_go_has_been_launched(stage: Stage) -> None:
    key = stage.start_ready("touch $READY; sleep 600", at_ns=in_seconds(0.4))
    stage.client.kill()
    assert not stage.client.has_not_launched(key)


def test_a_failed_launch_is_none(stage: Stage, tmp_path: Path) -> None:
    running = stage.start_ready("touch $READY; exec sleep 600")
    key = stage.start(argv=(str(tmp_path / "nothing"),))
    assert stage.ended(key).error
    stage.client.kill()
    assert stage.client.has_not_launched(key)
    assert not stage.client.has_not_launched(running)


def test_a_runner_that_broke_on_an_order_leaves_nothing_known(stage: Stage) -> None:
    key = stage.start("sleep 600", at_ns=in_seconds(60))
    broken = stage.start("sleep 600", limits={"no such limit": 1})
    stage.wait_until_gone()
    assert not stage.client.has_not_launched(key)
    assert not stage.client.has_not_launched(broken)


def test_the_cell_of_an_attempt_that_ended_is_used_again(stage: Stage) -> None:
    first = stage.start("true")
    stage.ended(first)
    stage.client.forget(first)
    later = stage.start("sleep 600", at_ns=in_seconds(60))
    stage.client.close()
    assert stage.client.has_not_launched(later)
