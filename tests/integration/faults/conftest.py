"""A small cluster whose repairs take seconds, and a user whose runs have to survive."""

from collections.abc import Iterator

import pytest

from punctual_devstack.servers.temporary import temporary_servers
from tests.faults.system.cluster import Cluster
from tests.faults.system.cluster_setup import started_cluster
from tests.faults.system.workload import Workload
from tests.support.servers import create_template

QUICK = {
    "SWEEP_SECONDS": "0.5",
    "HEARTBEAT_SECONDS": "0.5",
    "SELF_FENCE_SECONDS": "2",
    "LEASE_SECONDS": "3",
    "KILL_GRACE_SECONDS": "1",
    "SLOTS": "4",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two workers of four slots and a coordinator, on servers of their own."""
    with temporary_servers() as servers:
        create_template(servers)
        with started_cluster(servers, database="faults", settings=QUICK) as laid:
            yield laid


@pytest.fixture(scope="module")
def work(cluster: Cluster) -> Workload:
    """The tasks of every test in turn: what one of them broke, the next one sees."""
    return Workload(cluster)
