"""A run that uses more than it may ends, and no other run suffers from it."""

import sys
from pathlib import Path

import pytest

from tests.integration.worker.runner.harness import Stage, descendants, in_seconds, is_alive

MIB = 2**20
PYTHON = (sys.executable, "-I", "-c")
# More than a limit below, and little enough to do no harm should the limit not hold.
FORK = """
import os, signal
for _ in range(90):
    if os.fork() == 0:
        {first}
        signal.pause()
signal.pause()
"""
TOO_MANY = {
    "processes": FORK.format(first="pass"),
    "processes in sessions of their own": FORK.format(first="os.setsid()"),
    "processes whose parents are gone": FORK.format(first="os.fork() and os._exit(0)"),
    "threads": """
import signal, threading
for _ in range(90):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pause()
""",
}


@pytest.mark.parametrize("program", TOO_MANY.values(), ids=TOO_MANY.keys())
def test_a_run_with_too_many_of_them_is_ended(stage: Stage, program: str) -> None:
    neighbour = stage.start("exec sleep 600", limits={"processes": 1})
    ended = stage.run(argv=(*PYTHON, program), limits={"processes": 50})
    assert (ended.stopped, ended.signal) == ("limit", 9)
    assert ended.limit == ("processes", 50)
    assert descendants(stage.client.pid) == [stage.started(neighbour).pid]


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_fork_bomb_is_defused(stage: Stage, shell: str) -> None:
    # It runs into the limit of its user's processes after ten thousand, should ours not hold.
    bomb = "ulimit -u 10000; b() { b | b & }; b; sleep 60"
    bombed = stage.start(argv=(shell, "-c", bomb), limits={"processes": 200})
    neighbours = [stage.start("exit 7", at_ns=in_seconds(n / 20)) for n in range(10)]
    ended = stage.ended(bombed)
    assert ended.limit == ("processes", 200)
    assert [stage.ended(key).exit_code for key in neighbours] == [7] * 10
    assert descendants(stage.client.pid) == []


def test_a_run_within_its_limit_goes_on_whatever_its_neighbours_start(stage: Stage) -> None:
    modest = stage.start("exec sleep 600", limits={"processes": 2})
    for _ in range(40):
        stage.run("/bin/true; /bin/true; :", limits={"processes": 50})
    assert is_alive(stage.started(modest).pid)


def test_an_allocation_that_is_too_large_is_refused(stage: Stage) -> None:
    program = "x = bytearray(200 << 20)"
    limits = {"memory_bytes": 100 * MIB}
    ended = stage.run(argv=(*PYTHON, program), limits=limits)
    assert ended.exit_code == 1
    assert b"MemoryError" in ended.output
    assert stage.run(argv=(*PYTHON, program)).exit_code == 0


OCCUPY = "import os, signal; x = {what}; {fork}; {wait}"
FOR_EVER = "signal.pause()"
TOGETHER = {
    "by several processes": OCCUPY.format(
        what="0", fork="os.fork(); os.fork(); x = bytearray(50 << 20)", wait=FOR_EVER
    ),
    "that could be shared": (
        "import mmap, signal; m = mmap.mmap(-1, 200 << 20)\n"
        "for at in range(0, len(m), 4096): m[at] = 1\nsignal.pause()"
    ),
}


@pytest.mark.parametrize("program", TOGETHER.values(), ids=TOGETHER.keys())
def test_a_run_that_holds_too_much_memory_is_ended(stage: Stage, program: str) -> None:
    ended = stage.run(argv=(*PYTHON, program), limits={"memory_bytes": 100 * MIB})
    assert (ended.stopped, ended.signal) == ("limit", 9)
    assert ended.limit == ("memory_bytes", 100 << 20)


def test_memory_that_is_shared_counts_once(stage: Stage) -> None:
    awhile = "signal.sigtimedwait([], 1.5)"
    program = OCCUPY.format(what="bytearray(60 << 20)", fork="os.fork(); os.fork()", wait=awhile)
    ended = stage.run(argv=(*PYTHON, program), limits={"memory_bytes": 100 * MIB})
    assert (ended.exit_code, ended.limit) == (0, None)


FILES = {
    "a program": ("exec head -c 2000 /dev/zero > {}", None),
    "a program of a shell": ("head -c 2000 /dev/zero > {}; exit $?", 153),
}


@pytest.mark.parametrize(("command", "exit_code"), FILES.values(), ids=FILES.keys())
def test_a_file_grows_to_its_limit(
    stage: Stage, tmp_path: Path, command: str, exit_code: int | None
) -> None:
    file = tmp_path / "file"
    ended = stage.run(command.format(file), limits={"file_bytes": 1000})
    assert (ended.limit, ended.exit_code) == (("file_bytes", 1000), exit_code)
    assert file.stat().st_size == 1000


def test_no_limit_of_one_run_is_left_for_the_next(stage: Stage) -> None:
    limited = "ulimit -f; ulimit -d; ulimit -Hf; ulimit -Hd"
    limits = {"file_bytes": 10 * 512, "memory_bytes": 64 * MIB}
    assert stage.run(limited, limits=limits).output.split() == [b"10", b"65536"] * 2
    assert stage.run(limited).output.split() == [b"unlimited"] * 4


def test_no_limit_of_a_run_is_the_runners_own(stage: Stage) -> None:
    stage.run(limits={"file_bytes": 1})
    assert stage.run(argv=("/bin/sh",), file="# " + "long " * 99).error is None


def test_when_memory_runs_out_the_kernel_takes_commands_first(stage: Stage) -> None:
    own = f"/proc/{stage.client.pid}/oom_score_adj"
    before = Path(own).read_text()
    for command in ("cat /proc/self/oom_score_adj", "exec cat /proc/self/oom_score_adj"):
        assert stage.run(command).output == b"1000\n"  # from its first instruction on
    assert Path(own).read_text() == before != "1000\n"
