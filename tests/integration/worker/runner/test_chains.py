"""What forks, ends, hides or holds on while it is killed does not outlive its run."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from punctual_worker.agent.runner_link.messages import EndedEvent
from punctual_worker.runner.limits.pid_counter import PidCounter
from punctual_worker.runner.supervise.newest import kill_newest
from punctual_worker.runner.supervise.process_tag import ProcessTag
from tests.integration.worker.runner.harness import Stage, is_alive
from tests.integration.worker.runner.test_deaths import AGENT
from tests.support.eventually import eventually
from tests.support.processes import process_with_pipes

REPETITIONS = 20

# Each link of these chains forks the next one and ends: no number of a process lasts.
CHAIN = """
import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork():
    os._exit(0)
os.setsid()
for descriptor in (0, 1, 2):
    os.close(descriptor)
while True:
    os.write(3, b".")
    {pause}
    if os.fork():
        os._exit(0)
    {then}
"""
SLOW_CHAIN = CHAIN.format(pause="time.sleep(0.002)", then="pass")
FAST_CHAIN = CHAIN.format(pause="pass", then="pass")
CHAIN_OF_SESSIONS = CHAIN.format(pause="pass", then="os.setsid()")
# No link of it has the environment, the program or the session of the one before.
CHAIN_OF_PROGRAMS = """
trap "" TERM INT HUP; printf . >&3
exec env -i setsid --fork sh -c "$1" sh "$1" >/dev/null 2>&1 </dev/null
"""

FIRST_THREAD_ENDS = """
import ctypes, os, signal, threading, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def stay():
    while os.read(status, 64) and os.pread(status, 4096, 0).split(b")")[-1].split()[0] != b"Z":
        time.sleep(0.001)
    os.write(3, b".")
    time.sleep(600)
status = os.open("/proc/self/stat", os.O_RDONLY)
threading.Thread(target=stay).start()
ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
"""

# Its child waits in open() before it could exec, and it waits, deaf to all signals, for its child.
IN_VFORK = """
import os, sys
os.write(3, b".")
os.posix_spawn("/bin/true", ["true"], {}, file_actions=[
    (os.POSIX_SPAWN_OPEN, 9, sys.argv[1], os.O_RDONLY, 0)])
"""

TRACED = """
import ctypes, os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child == 0:
    ctypes.CDLL(None).ptrace(0, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)
os.waitpid(child, os.WUNTRACED)
os.write(3, b".")
time.sleep(600)
"""

TRACER = """
import ctypes, os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.001)
pid = int(open(sys.argv[1]).read())
PTRACE_SEIZE = 0x4206
assert ctypes.CDLL(None, use_errno=True).ptrace(PTRACE_SEIZE, pid, None, None) == 0
open(sys.argv[2], "w").close()
time.sleep(600)
"""

WAITS_FOR_TRACER = """
import ctypes, os, signal, sys, time
PR_SET_PTRACER = 0x59616d61
signal.signal(signal.SIGTERM, signal.SIG_IGN)
ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
with open(sys.argv[1] + ".new", "w") as file:
    print(os.getpid(), file=file)
os.rename(sys.argv[1] + ".new", sys.argv[1])
while not os.path.exists(sys.argv[2]):
    time.sleep(0.001)
os.write(3, b".")
time.sleep(600)
"""


def python(program: str, *arguments: object) -> str:
    """Return a command that runs a program with no files read but its own."""
    return shlex.join([sys.executable, "-I", "-S", "-c", program, *map(str, arguments)])


def shell(program: str) -> str:
    """Return a command that runs a shell's program, which is its own first argument as well."""
    return shlex.join(["sh", "-c", program, "sh", program])


KINDS = {
    "a chain of processes": python(SLOW_CHAIN),
    "a chain without a pause": python(FAST_CHAIN),
    "a chain of sessions": python(CHAIN_OF_SESSIONS),
    "a chain of programs": shell(CHAIN_OF_PROGRAMS),
    "one whose first thread has ended": python(FIRST_THREAD_ENDS),
    "one that traces another": python(TRACED),
}


class Witness:
    """A FIFO that every process of a command holds open: its other end says whether one lives."""

    def __init__(self, folder: Path) -> None:
        self.path, self._go = folder / "witness", folder / "go"
        os.mkfifo(self.path)
        self._end = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self._open = True

    def leave(self, stage: Stage, command: str, **order: Any) -> EndedEvent:
        """Run a command that leaves this one behind, once that has written; return its end."""
        wait = f"until [ -e {self._go} ]; do sleep .01; done"
        key = stage.start(f"exec 3>{self.path}; {command} & {wait}", end_grace_s=0.1, **order)
        eventually(self.has_read)
        self._go.touch()
        return stage.ended(key)

    def sees_none(self) -> bool:
        """Return True when no process has it open."""
        while self.has_read():
            continue
        return not self._open

    def close(self) -> None:
        os.close(self._end)

    def has_read(self) -> bool:
        """Return True when a process has written since it was last asked."""
        try:
            read = os.read(self._end, 1 << 20)
        except BlockingIOError:
            return False
        self._open = bool(read)
        return self._open


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    made = Witness(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("_", range(REPETITIONS))
def test_a_chain_of_processes_ends_with_its_run(stage: Stage, witness: Witness, _: int) -> None:
    ended = witness.leave(stage, python(SLOW_CHAIN))
    assert witness.sees_none()
    assert (ended.exit_code, ended.error) == (0, None)
    # One, and in the instant of a fork the next: not one for each of its hundreds of links.
    assert 1 <= ended.left_behind <= 4


@pytest.mark.parametrize("command", KINDS.values(), ids=KINDS.keys())
def test_what_is_hard_to_kill_ends_with_its_run(
    stage: Stage, witness: Witness, command: str
) -> None:
    ended = witness.leave(stage, command)
    assert witness.sees_none()
    assert (ended.exit_code, ended.error) == (0, None)
    assert ended.left_behind >= 1


def test_one_that_waits_in_a_fork_ends_with_its_run(
    stage: Stage, witness: Witness, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "never")
    ended = witness.leave(stage, python(IN_VFORK, tmp_path / "never"))
    assert witness.sees_none()
    assert (ended.error, ended.left_behind) == (None, 2)


def test_a_zombie_that_another_run_traces_is_not_waited_for(
    stage: Stage, witness: Witness, tmp_path: Path
) -> None:
    pid, seized = tmp_path / "pid", tmp_path / "seized"
    tracer = stage.start(python(TRACER, pid, seized))
    ended = witness.leave(stage, python(WAITS_FOR_TRACER, pid, seized))
    assert witness.sees_none()
    assert (ended.error, ended.left_behind) == (None, 1)
    assert not stage.has_ended(tracer)


def test_a_chain_ends_with_a_runner_whose_agent_was_killed(
    witness: Witness, tmp_path: Path
) -> None:
    command = f"exec 3>{witness.path}; {python(FAST_CHAIN)} & exec sleep 600"
    program = [sys.executable, "-c", AGENT, str(tmp_path / "work"), command]
    with process_with_pipes(program, stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        runner = int(agent.stdout.readline())
        eventually(witness.has_read)
    eventually(lambda: not is_alive(runner))
    assert witness.sees_none()


def test_a_chain_that_a_killed_runner_left_is_ended(stage: Stage, witness: Witness) -> None:
    key = stage.start(f"exec 3>{witness.path}; {python(CHAIN_OF_SESSIONS)} & exec sleep 600")
    stage.started(key)
    eventually(witness.has_read)
    os.kill(stage.client.pid, signal.SIGKILL)
    stage.wait_until_gone()
    assert witness.sees_none()


def test_a_process_is_killed_by_the_number_that_it_was_just_given(witness: Witness) -> None:
    marks, births = ProcessTag(launch=7), PidCounter()
    command = f"exec 3>{witness.path}; exec {python(CHAIN_OF_SESSIONS)}"
    subprocess.run(command, shell=True, preexec_fn=lambda: marks.put_on_next(5), check=True)
    eventually(witness.has_read)
    assert not kill_newest(marks, births, {4})
    assert eventually(lambda: kill_newest(marks, births, {5})) == {5}
    eventually(witness.sees_none)
