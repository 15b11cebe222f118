"""A disk is full for a minute, then there is room: nothing dies of it, and all of it heals."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_devstack.servers.temporary import temporary_servers
from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.system.cluster import Cluster
from tests.faults.system.cluster_setup import started_cluster
from tests.faults.system.workload import Workload
from tests.support.servers import create_template

FULL_SECONDS = 60.0
HEALED_WITHIN = 60.0


class Disk:
    """A file system of its own, which can be filled and freed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)

    def free(self) -> None:
        """Make room again."""
        self._ballast.unlink()

    def full_for(self, cluster: Cluster, seconds: float) -> float:
        """Be full for so long, whatever is freed by others; answers when there was room again."""
        until = cluster.now() + seconds
        while cluster.now() < until:
            self.fill()
            cluster.lasts(1)
        self.free()
        return cluster.now()


def mounted(megabytes: int) -> Iterator[Disk]:
    folder = reachable_temporary("punctual-full-")
    options = f"size={megabytes}m,mode=711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture
def log_disk() -> Iterator[Disk]:
    """A disk for logs alone."""
    yield from mounted(1)


@pytest.fixture
def data_disk() -> Iterator[Disk]:
    """A disk for the servers' files and the logs, as one data directory holds them."""
    yield from mounted(160)


def ended(cluster: Cluster) -> list[str]:
    """The services that did not outlive it."""
    return [service.name for service in cluster.services.values() if service.exits]


def test_a_full_log_disk(new_cluster: NewCluster, log_disk: Disk, measured: Measured) -> None:
    cluster = new_cluster(workers=2, apis=1, logs=log_disk.folder)
    work = Workload(cluster)
    promises = work.accept([3.0 + n for n in range(int(FULL_SECONDS) + 20)], max_retries=1)
    cluster.running(3)
    log_disk.full_for(cluster, FULL_SECONDS)
    assert cluster.healthy()
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=5)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": len(promises)}
    assert ended(cluster) == []
    lost = [line for each in cluster.of_kind("worker") for line in each.logged("log lines lost")]
    assert all(line["lines"] > 0 for line in lost)
    measured(
        "the log disk full for a minute",
        what="worst lateness",
        bound=5,
        seconds=verdict.worst_late,
    )


def test_a_full_data_disk(data_disk: Disk, measured: Measured) -> None:
    with temporary_servers(careless=False, within=data_disk.folder) as servers:
        create_template(servers)
        with started_cluster(servers, database="full", workers=1, logs=data_disk.folder) as cluster:
            work = Workload(cluster)
            promises = work.accept(
                [3.0 + n for n in range(int(FULL_SECONDS) + 20)], max_retries=5, retry_delay=1
            )
            cluster.running(3)
            room_at = data_disk.full_for(cluster, FULL_SECONDS)
            for server in (servers.valkey, servers.postgres):
                server.start()  # if it ended, its supervisor starts it again
            settled(cluster, promises, within=HEALED_WITHIN + 20)
            verdict = judge(cluster, promises, late_by=FULL_SECONDS + HEALED_WITHIN)
            assert verdict.violations == []
            assert verdict.states == {"succeeded": len(promises)}
            began = min(
                (line.at for line in cluster.journal.starts() if line.at > room_at),
                default=room_at + 2 * HEALED_WITHIN,
            )
    measured(
        "the data disk full for a minute",
        what="room to the next start",
        bound=HEALED_WITHIN,
        seconds=began - room_at,
    )
