"""Commands that take all they can get: each ends alone, and its neighbours start on time."""

import shlex
import sys

import pytest

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.system.workload import Workload

# Should a limit not hold, the machine stops each of these before it comes to harm.
BOMB = "ulimit -u 10000; b() { b | b & }; b; sleep 60"
PYTHON = f"{shlex.quote(sys.executable)} -I -c"
SHARED = "import mmap; m = mmap.mmap(-1, 10 << 30)\nwhile m.write(bytes(1 << 20)): pass"
SETTINGS = {"LIMIT_PROCESSES": "400", "LIMIT_FILE_BYTES": str(100 << 20)}
GREEDY = {
    "a fork bomb": (BOMB, "process limit of 400 exceeded"),
    "a fork bomb of bash": (f"exec bash -c '{BOMB}'", "process limit of 400 exceeded"),
    # Ten gigabytes of addresses on any machine; what it may write of them is limited as well.
    "an allocation of 10 GB": (f"exec {PYTHON} 'x = bytearray(10 << 30)'", "exit code 1"),
    "10 GB of shared memory": (
        f"exec {PYTHON} '{SHARED}'",
        "memory limit of 512 MiB exceeded",
    ),
    "a file of 10 GB": ("exec head -c 10G /dev/zero > file", "file size limit of 100 MiB exceeded"),
}


@pytest.mark.alone  # a fork bomb wants both cores
@pytest.mark.parametrize(("command", "reason"), GREEDY.values(), ids=GREEDY.keys())
def test_a_command_that_takes_all_it_can_get_ends_alone(
    command: str,
    reason: str,
    new_cluster: NewCluster,
    measured: Measured,
    request: pytest.FixtureRequest,
) -> None:
    cluster = new_cluster(workers=1, settings=SETTINGS)
    worker = cluster["worker-1"]
    work = Workload(cluster)
    greedy = work.accept([2.0], work=command, max_retries=0, limits={"memory_bytes": 512 << 20})
    neighbours = work.accept([1.0 + n / 10 for n in range(60)], max_retries=0)
    settled(cluster, work.promises, within=60)
    verdict = judge(cluster, neighbours, late_by=1)
    assert verdict.violations == []
    assert {verdict.run_of(promise).state for promise in neighbours} == {"succeeded"}
    run = verdict.run_of(greedy[0])
    assert run.state == "failed"
    assert reason in (run.reason or "")
    assert worker.exits == []
    measured(
        f"{request.node.callspec.id} with 60 other runs",
        what="worst lateness of the others",
        bound=1,
        seconds=verdict.worst_late,
    )
