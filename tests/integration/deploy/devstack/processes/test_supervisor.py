"""The supervisor keeps processes running, and takes everything with it when it goes."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from punctual_devstack.processes.pids import started_at
from punctual_devstack.processes.supervisor import REPEAT_SECONDS
from tests.integration.deploy.devstack import small_stack
from tests.support.eventually import eventually

NAMES = ("steady", "leaving", "stubborn")


class Stack:
    """The small stack, and the pids it wrote down."""

    def __init__(self, folder: Path, *, stop_seconds: float = 1) -> None:
        self.folder = folder
        command = [sys.executable, small_stack.__file__, str(folder), str(stop_seconds)]
        self.process = subprocess.Popen(command, start_new_session=True)

    def pid(self, file: str) -> int:
        """The pid in a file of the folder, as soon as there is one."""
        return int(eventually(lambda: self.folder.joinpath(file).is_file() and self._text(file)))

    def all_pids(self) -> list[int]:
        """The pids of everything the stack has started, directly or not."""
        eventually((self.folder / "stubborn.ready").exists)
        named = [self.pid(f"pids/{name}.pid") for name in NAMES]
        return [*named, self.pid("companion.pid"), self.pid("orphan.pid")]

    def logged(self) -> str:
        """What a person would have read."""
        log = self.folder / "logs" / "stack.log"
        return log.read_text() if log.exists() else ""

    def _text(self, file: str) -> str:
        return (self.folder / file).read_text()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    started = Stack(tmp_path / "data")
    yield started
    started.process.terminate()
    started.process.wait(10)


def gone(pids: list[int]) -> bool:
    return all(started_at(pid) is None for pid in pids)


def test_a_process_that_dies_is_started_again(stack: Stack) -> None:
    before = stack.pid("pids/steady.pid")
    os.kill(before, signal.SIGKILL)
    eventually(lambda: stack.pid("pids/steady.pid") != before)
    assert started_at(stack.pid("pids/steady.pid")) is not None
    assert "steady ended (killed by signal 9): starting it again in 1 s" in stack.logged()


def test_a_full_disk_stops_nothing_and_pid_files_follow_once_there_is_room(stack: Stack) -> None:
    before, *_ = stack.all_pids()
    known = set(_children(stack.process.pid))
    limits = resource.prlimit(stack.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(stack.process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    os.kill(before, signal.SIGKILL)
    eventually(lambda: started_at(before) is None)

    def replacement() -> int | None:
        new = set(_children(stack.process.pid)) - known
        return next((pid for pid in new if _is(pid, b"sleep")), None)

    pid = eventually(replacement)
    assert not (stack.folder / "pids" / "steady.pid").exists()
    resource.prlimit(stack.process.pid, resource.RLIMIT_FSIZE, limits)
    assert stack.pid("pids/steady.pid") == pid


def test_a_process_that_cannot_be_started_is_tried_again(stack: Stack) -> None:
    log = stack.folder / "logs" / "steady.log"
    before = stack.pid("pids/steady.pid")
    log.unlink()
    log.mkdir()  # what it would log to cannot be opened
    os.kill(before, signal.SIGKILL)
    eventually(lambda: "steady not started" in stack.logged())
    log.rmdir()
    assert stack.pid("pids/steady.pid") != before


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _is(pid: int, program: bytes) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(program)
    return False


def test_what_shared_its_group_dies_with_a_process(stack: Stack) -> None:
    companion = stack.pid("companion.pid")
    os.kill(stack.pid("pids/leaving.pid"), signal.SIGKILL)
    eventually(lambda: gone([companion]))


def test_an_orphan_of_a_process_is_gone_when_the_stack_is(stack: Stack) -> None:
    orphan = stack.pid("orphan.pid")
    os.kill(stack.pid("pids/leaving.pid"), signal.SIGKILL)
    eventually(lambda: "leaving ended" in stack.logged())
    stack.process.terminate()
    stack.process.wait(10)
    assert gone([orphan])


def test_a_stop_leaves_no_process_not_even_stubborn_ones(stack: Stack) -> None:
    pids = stack.all_pids()
    stack.process.terminate()
    assert stack.process.wait(10) == 0
    assert gone(pids)
    assert "stubborn did not stop in time: killed" in stack.logged()
    assert "steady did not stop" not in stack.logged()
    assert not list((stack.folder / "pids").glob("*.pid"))


def test_signals_in_quick_succession_are_one_order_and_a_later_one_hurries(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data", stop_seconds=600)
    pids = stack.all_pids()
    stubborn = stack.pid("pids/stubborn.pid")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        os.killpg(stack.process.pid, number)
    eventually(lambda: not (stack.folder / "pids" / "steady.pid").exists())
    threading.Event().wait(REPEAT_SECONDS + 0.5)  # what a person waits before losing patience
    assert started_at(stubborn) is not None
    assert "did not stop in time" not in stack.logged()
    stack.process.terminate()
    threading.Event().wait(REPEAT_SECONDS + 0.5)
    assert started_at(stubborn) is not None  # asked again, as a worker ends its commands at that
    stack.process.terminate()
    assert stack.process.wait(10) == 0
    assert gone(pids)
    assert "stubborn did not stop in time: killed" in stack.logged()


def test_a_killed_supervisor_takes_its_processes_with_it(stack: Stack) -> None:
    *processes, companion, orphan = stack.all_pids()
    stack.process.kill()
    eventually(lambda: gone(processes))
    for group in (*processes, orphan):  # what no supervisor is there to find
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    eventually(lambda: gone([companion]))
