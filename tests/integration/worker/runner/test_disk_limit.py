"""A run ends that has more on disk, or in memory without a process, than it may."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_worker.runner.launch.spawn import DEFAULT_PATH
from tests.integration.worker.runner.harness import NewStage, Stage, is_alive
from tests.support.processes import free_slot_users

MIB = 2**20
MOST = 20 * MIB
IS_ROOT = os.geteuid() == 0
MUCH = "head -c 30M /dev/zero"
AWHILE = "sleep 600"

# What occupies 30 MiB in a home.
IN_HOME = {
    "a file": f"{MUCH} > file; {AWHILE}",
    "many files": f"for i in $(seq 30); do head -c 1M /dev/zero > $i; done; {AWHILE}",
    "a deep tree": f"mkdir -p a/b/c/d/e/f; {MUCH} > a/b/c/d/e/f/g; {AWHILE}",
    "a temporary file": f"{MUCH} > $TMPDIR/file; {AWHILE}",
    "a file without a name": f"exec 3> file; rm file; {MUCH} >&3; {AWHILE}",
    "a file of a process in the background": f"setsid sh -c '{MUCH} > file; {AWHILE}' & {AWHILE}",
}
# Likewise, where only the user says whose it is.
OF_A_USER = {
    "a file in /tmp": f"{MUCH} > /tmp/punctual-$$; {AWHILE}",
    "a folder in /var/tmp": f"cd /var/tmp; mkdir punctual-$$; {MUCH} > punctual-$$/x; {AWHILE}",
    "next to its home": f"chmod u+w ..; {MUCH} > ../../file; {AWHILE}",
    "in a folder closed to itself": f"mkdir a; {MUCH} > a/file; chmod 0 a; {AWHILE}",
}
IN_MEMORY = {
    "a file in /dev/shm": f"{MUCH} > /dev/shm/punctual-$$; {AWHILE}",
    "a folder in /dev/shm": f"cd /dev/shm; mkdir punctual-$$; {MUCH} > punctual-$$/x; {AWHILE}",
    "a file in /dev/shm without a name": (
        f"exec 3> /dev/shm/punctual-$$; rm /dev/shm/punctual-$$; {MUCH} >&3; {AWHILE}"
    ),
    "a memfd": (
        "exec {python} -c \"import os, signal; f = os.memfd_create('x');"
        ' [os.write(f, bytes(1 << 20)) for _ in range(60)]; signal.pause()"'
    ),
    "a System V segment": (
        'exec {python} -c "import ctypes, signal; c = ctypes.CDLL(None);'
        " c.shmat.restype = ctypes.c_void_p; i = c.shmget(0, 60 << 20, 0o1600);"
        " p = c.shmat(i, None, 0); ctypes.memset(ctypes.c_void_p(p), 1, 60 << 20);"
        ' c.shmdt(ctypes.c_void_p(p)); signal.pause()"'
    ),
}


@pytest.fixture
def slots() -> Iterator[Stage]:
    """A runner whose runs are users of their own."""
    if not IS_ROOT:
        pytest.skip("only root can have slot users")
    folder = reachable_temporary("punctual-disk-")
    folder.chmod(0o1777)
    stage = Stage(folder / "work", slot_users=free_slot_users(4))
    yield stage
    stage.close()
    shutil.rmtree(folder, ignore_errors=True)


def python() -> str:
    found = shutil.which("python3", path=DEFAULT_PATH)
    assert found is not None
    return found


def is_ended_by(stage: Stage, command: str, limit: str, most: int) -> None:
    neighbour = stage.start("exec sleep 600", limits={limit: most})
    ended = stage.run(command, limits={limit: most})
    assert (ended.stopped, ended.limit) == ("limit", (limit, most)), ended
    assert is_alive(stage.started(neighbour).pid)


@pytest.mark.parametrize("command", IN_HOME.values(), ids=IN_HOME.keys())
def test_a_run_with_too_much_in_its_home_is_ended(stage: Stage, command: str) -> None:
    is_ended_by(stage, command, "disk_bytes", MOST)


@pytest.mark.parametrize(
    "command", [*IN_HOME.values(), *OF_A_USER.values()], ids=[*IN_HOME, *OF_A_USER]
)
def test_a_run_that_is_a_user_is_ended_wherever_its_files_are(slots: Stage, command: str) -> None:
    is_ended_by(slots, command, "disk_bytes", MOST)


@pytest.mark.parametrize("command", IN_MEMORY.values(), ids=IN_MEMORY.keys())
def test_memory_that_no_process_has_counts(slots: Stage, command: str) -> None:
    most = 40 * MIB if "{python}" in command else MOST
    is_ended_by(slots, command.replace("{python}", python()), "memory_bytes", most)


WITHIN = {
    "less than it may": "head -c 15M /dev/zero > file",
    "much that it removes": "head -c 15M /dev/zero > f; rm f; head -c 15M /dev/zero > f",
    "a file with many names": "head -c 15M /dev/zero > f; ln f g; ln f h; ln f i",
    "a large file with nothing in it": "truncate -s 1G f",
    "a link to much": "ln -s / root",
    "what belongs to others": "exec 3< {others}",
}


@pytest.mark.parametrize("command", WITHIN.values(), ids=WITHIN.keys())
def test_a_run_within_its_limit_goes_on(stage: Stage, tmp_path: Path, command: str) -> None:
    others = tmp_path / "others"
    others.write_bytes(bytes(30 * MIB))
    ended = stage.run(f"{command.format(others=others)}; sleep 1.5", limits={"disk_bytes": MOST})
    assert (ended.exit_code, ended.limit) == (0, None)


def test_shared_memory_that_is_mapped_counts_once(slots: Stage) -> None:
    program = (
        "import mmap, os, time; f = os.memfd_create('x'); os.ftruncate(f, 60 << 20);"
        " m = mmap.mmap(f, 60 << 20); m.write(bytes(60 << 20)); os.fork(); time.sleep(1.5)"
    )
    ended = slots.run(f'exec {python()} -c "{program}"', limits={"memory_bytes": 100 * MIB})
    assert (ended.exit_code, ended.limit) == (0, None)


def test_what_a_run_left_does_not_count_for_the_next_one(slots: Stage) -> None:
    for _ in range(12):  # more than there are users
        ended = slots.run(
            "head -c 15M /dev/zero > /tmp/punctual-$$; sleep 0.4", limits={"disk_bytes": MOST}
        )
        assert (ended.exit_code, ended.limit) == (0, None)


def test_without_a_limit_nothing_is_counted(new_stage: NewStage) -> None:
    ended = new_stage(python=sys.executable).run("head -c 30M /dev/zero > file; sleep 1")
    assert (ended.exit_code, ended.limit) == (0, None)
