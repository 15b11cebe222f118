"""A command cannot look into the runner that started it, though both are the same user."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual.ops.process_user import ProcessUser, unprivileged
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.runner.launch.spawn import DEFAULT_PATH
from tests.integration.worker.runner.harness import Stage

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
SPY = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

def called(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def trace(pid):
    called(libc.ptrace({PTRACE_ATTACH}, pid, None, None))
    os.waitpid(pid, 0x40000000)  # __WALL
    called(libc.ptrace({PTRACE_DETACH}, pid, None, None))

def take_descriptor(pid):
    number = {{"x86_64": 438, "aarch64": 438}}[os.uname().machine]
    called(libc.syscall(number, os.pidfd_open(pid), 1, 0))

def read_memory(pid):
    buffer = ctypes.create_string_buffer(8)
    class Piece(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    with open(f"/proc/{{pid}}/stat") as file:
        there = int(file.read().rpartition(")")[2].split()[25])  # start of the stack
    here = Piece(ctypes.addressof(buffer), 8)
    there = Piece(there or ctypes.addressof(buffer), 8)
    called(libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))

TECHNIQUES = {{
    "mem": lambda pid: open(f"/proc/{{pid}}/mem", "rb").close(),
    "maps": lambda pid: open(f"/proc/{{pid}}/maps", "rb").read(1),
    "environ": lambda pid: open(f"/proc/{{pid}}/environ", "rb").read(1),
    "descriptors": lambda pid: os.listdir(f"/proc/{{pid}}/fd"),
    "descriptor": lambda pid: open(f"/proc/{{pid}}/fd/0", "rb").close(),
    "program": lambda pid: os.readlink(f"/proc/{{pid}}/exe"),
    "folder": lambda pid: os.readlink(f"/proc/{{pid}}/cwd"),
    "ptrace": trace,
    "pidfd_getfd": take_descriptor,
    "process_vm_readv": read_memory,
}}
try:
    TECHNIQUES[sys.argv[1]](int(sys.argv[2]))
except PermissionError:
    sys.exit("refused")
print("seen")
"""
TECHNIQUES = (
    *("mem", "maps", "environ", "descriptors", "descriptor", "program", "folder"),
    *("ptrace", "pidfd_getfd", "process_vm_readv"),
)


@pytest.fixture(scope="module")
def account() -> ProcessUser | None:
    """Who is refused what another process of the same user may: never root."""
    return unprivileged() if os.geteuid() == 0 else None


@pytest.fixture(scope="module")
def stage(account: ProcessUser | None) -> Iterator[Stage]:
    folder = reachable_temporary("punctual-inspection-")
    work = folder / "work"
    work.mkdir(mode=0o700)
    if account is not None:
        shutil.chown(work, account.uid, account.gid)
    stage = Stage(work, account=account)
    yield stage
    stage.close()
    shutil.rmtree(folder)


def python() -> str:
    """A Python that any user can run."""
    found = shutil.which("python3", path=DEFAULT_PATH) if os.geteuid() == 0 else sys.executable
    assert found is not None
    return found


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_a_command_cannot_look_into_the_runner(stage: Stage, technique: str) -> None:
    spy = f'{python()} -c "$SPY" {technique} $PPID'
    ended = stage.run(spy, env={"SPY": SPY})
    assert (ended.stream(2), ended.exit_code) == (b"refused\n", 1)


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_it_can_look_into_its_own_children(stage: Stage, technique: str) -> None:
    """What is tried above is not refused for some other reason."""
    spy = f'sleep 600 & {python()} -c "$SPY" {technique} $!'
    assert stage.run(spy, env={"SPY": SPY}).stream(1) == b"seen\n"


def test_commands_are_still_the_first_to_go_when_memory_runs_out(stage: Stage) -> None:
    assert stage.run("cat /proc/self/oom_score_adj").output == b"1000\n"


def test_the_runner_is_the_user_that_it_was_to_become(
    stage: Stage, account: ProcessUser | None
) -> None:
    uid = os.geteuid() if account is None else account.uid
    # First a run: it becomes that user after its launch, before it starts anything.
    assert stage.run("id -u").output == f"{uid}\n".encode()
    status = Path(f"/proc/{stage.client.pid}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert fields["Uid"].split() == [str(uid)] * 4
    if account is not None:
        assert fields["Gid"].split() == [str(account.gid)] * 4
        assert fields["Groups"].split() == []
        assert int(fields["CapPrm"], 16) == int(fields["CapEff"], 16) == 0
