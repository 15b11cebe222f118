"""Bad surroundings: a clock that is off, a full disk, a thread that died, a frozen machine."""

import contextlib
import itertools
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.system.cluster import SCALED
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually


@pytest.mark.parametrize("seconds", [120, -120])
def test_a_workers_clock_is_two_minutes_off(
    seconds: int, new_cluster: NewCluster, measured: Measured
) -> None:
    planted = f"tests.faults.planted.clock_{'ahead' if seconds > 0 else 'behind'}"
    cluster = new_cluster(workers=1, plants={"worker-1": planted})
    work = Workload(cluster)
    promises = work.accept([2.0 + n / 10 for n in range(40)], max_retries=0)
    settled(cluster, promises, within=40)
    verdict = judge(cluster, promises, late_by=1)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 40}
    measured(
        f"worker's clock two minutes {'ahead' if seconds > 0 else 'behind'}",
        what="worst lateness",
        bound=1,
        seconds=verdict.worst_late,
    )


def test_a_dead_consumer_thread_ends_the_worker(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(workers=1, plants={"worker-1": "tests.faults.planted.consumer_dies"})
    worker = cluster["worker-1"]
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 2 for n in range(20)], max_retries=1)
    cluster.running(5)
    os.kill(worker.pid, signal.SIGUSR1)
    eventually(lambda: worker.exits, within=20)
    assert worker.exits[0].code == 1
    assert worker.logged("consumer died")
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 20}
    measured("a dead consumer thread", what="worst lateness", bound=15, seconds=verdict.worst_late)


@pytest.fixture
def full_disk() -> Iterator[Path]:
    """A file system without a free byte or a free inode."""
    folder = reachable_temporary("punctual-full-")
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=32", "tmpfs", str(folder)], check=True
    )
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def fill(folder: Path) -> None:
    """Leave no inode free."""
    with contextlib.suppress(OSError):
        for number in itertools.count():
            (folder / f"ballast-{number}").touch()


def test_a_worker_without_disk_space(new_cluster: NewCluster, full_disk: Path) -> None:
    cluster = new_cluster(workers=1, settings={"WORK_DIR": str(full_disk)})
    worker = cluster["worker-1"]
    fill(full_disk)
    work = Workload(cluster)
    no_room = work.accept([1.0] * 10, max_retries=1, retry_delay=0.5)
    settled(cluster, no_room, within=60)
    worker.restarts = False
    worker.terminate()
    eventually(lambda: worker.exits, within=40)
    fill(full_disk)  # its runner has taken its directory with it
    worker.restarts = True
    # A worker that is started there takes nothing that it could not run.
    waiting = work.accept([0.0] * 5, max_retries=0)
    eventually(lambda: len(worker.logged("runner not started")) > 1, within=30)
    for ballast in full_disk.glob("ballast-*"):
        ballast.unlink()
    settled(cluster, work.promises, within=60)
    verdict = judge(cluster, work.promises, late_by=30)
    assert verdict.violations == []
    assert {verdict.run_of(promise).state for promise in waiting} == {"succeeded"}
    # Each run that could not have its own directory says so.
    assert {verdict.run_of(promise).state for promise in no_room} == {"failed"}
    reasons = {verdict.run_of(promise).reason for promise in no_room}
    assert all("No space left" in (reason or "") for reason in reasons)


def test_a_frozen_machine_thaws_too_late(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(settings={**SCALED, "SLOTS": "6"})
    work = Workload(cluster)
    promises = work.accept([3.0] * 12, work="sleep 30", max_retries=1)
    cluster.running(12)
    frozen = cluster["worker-1"].everything()

    def seen() -> set[tuple[str, int, int]]:
        living = [one for one in cluster.watch.living() if one.pid in frozen]
        return {(one.run_id, one.attempt, one.pid) for one in living}

    eventually(lambda: len(seen()) >= 6, within=10)
    old = seen()
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    cluster.running(12 + 6, within=60)
    thawed_at = cluster.now()
    for pid in frozen:  # a runner that is thawed kills its commands before this comes to them
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    settled(cluster, promises, within=120)
    # Before it is thawed nothing can be killed: this is the one case in which two attempts meet.
    verdict = judge(cluster, promises, late_by=15, keeps=True)
    assert verdict.violations == []
    gone = max(
        one.last for one in verdict.history.living if (one.run_id, one.attempt, one.pid) in old
    )
    assert gone < thawed_at + 2
    measured(
        "a frozen machine thaws after its lease",
        what="thaw to the last process gone",
        bound=2,
        seconds=max(gone - thawed_at, 0.0),
    )
