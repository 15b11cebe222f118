"""A run that hoards disk or memory where it is hard to find ends, and no other run suffers."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.faults.hostile.test_walls import Scene, python
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.runs import ended
from tests.support.processes import free_slot_users

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can have slot users")
SLOTS = 12
STAY = "import signal\n{}\nsignal.pause()"
MIB = 2**20
MOST_ON_DISK, MOST_IN_MEMORY = 20 * MIB, 60 * MIB

ON_DISK = {
    "without a name, in another session": (
        "import os\nif os.fork() == 0: os.setsid()\nf = os.open('x', os.O_RDWR | os.O_CREAT);"
        " os.unlink('x'); [os.write(f, bytes(1 << 20)) for _ in range(30)]"
    ),
    "below a path that is too long to open": (
        "import os\n"
        "for _ in range(40): os.mkdir('d' * 200); os.chdir('d' * 200)\n"
        "[open(str(n), 'wb').write(bytes(1 << 20)) for n in range(30)]"
    ),
    "in a folder closed to itself": (
        "import os; os.mkdir('a'); open('a/x', 'wb').write(bytes(30 << 20)); os.chmod('a', 0)"
    ),
    "in empty files": "[open(str(n), 'wb').close() for n in range(25_000)]",
    "in a folder of all users": (
        "import os, tempfile; folder = tempfile.mkdtemp(dir='/tmp'); os.chmod(folder, 0o777);"
        " open(folder + '/x', 'wb').write(bytes(30 << 20))"
    ),
    "with nothing in its environment": (
        "import os\n"
        "if 'PUNCTUAL_RUN_ID' in os.environ: os.execve('/proc/self/exe', ['python3', '-c',"
        ' \'open("x", "wb").write(bytes(30 << 20)); import signal; signal.pause()\'], {})'
    ),
}
IN_MEMORY = {
    "a memfd that is not mapped": (
        "import os; f = os.memfd_create('x'); [os.write(f, bytes(1 << 20)) for _ in range(90)]"
    ),
    "many small ones": (
        "import os; fs = [os.memfd_create('x') for _ in range(90)];"
        " [os.write(f, bytes(1 << 20)) for f in fs]"
    ),
    "files in /dev/shm": (
        "import os; os.mkdir('/dev/shm/hoard'); os.chdir('/dev/shm/hoard')\n"
        "for n in range(90): open(str(n), 'wb').write(bytes(1 << 20))"
    ),
    "segments that no process has": (
        "import ctypes; c = ctypes.CDLL(None); c.shmat.restype = ctypes.c_void_p\n"
        "for _ in range(9):\n"
        "    i = c.shmget(0, 10 << 20, 0o1600); p = ctypes.c_void_p(c.shmat(i, None, 0))\n"
        "    ctypes.memset(p, 1, 10 << 20); c.shmdt(p)"
    ),
}


@pytest.fixture
def folders() -> Iterator[tuple[Path, Path]]:
    made = [reachable_temporary(f"punctual-hoarding-{name}-") for name in ("victim", "work")]
    made[0].chmod(0o1777)
    yield made[0], made[1]
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def scene(engine: Engine, start_worker: StartWorker, folders: tuple[Path, Path]) -> Scene:
    folder, work = folders
    worker = start_worker(
        command_user="",
        slot_users=free_slot_users(SLOTS).first,
        slots=SLOTS,
        heartbeat_seconds=0.5,
        drain_seconds=0,
        work_dir=work / "work",
        max_disk_bytes=MOST_ON_DISK,
        max_memory_bytes=MOST_IN_MEMORY,
    )
    return Scene(engine, worker, folder)


def test_each_way_to_hoard_ends_the_run_that_does_it_alone(scene: Scene) -> None:
    runs = {
        (limit, name): scene.start(f'exec {python()} -c "$PROGRAM"', PROGRAM=STAY.format(program))
        for limit, ways in (
            ("disk limit of 20 MiB", ON_DISK),
            ("memory limit of 60 MiB", IN_MEMORY),
        )
        for name, program in ways.items()
    }
    found = {way: ended(scene.engine, run_id).reason for way, run_id in runs.items()}
    assert found == {way: f"ended: {way[0]} exceeded" for way in runs}
    scene.end_victim()
