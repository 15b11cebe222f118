"""A random mix of every fault: `make chaos SOAK=600`, and less of it in every `make chaos`."""

import random
import sys

import pytest

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.injection.fault_mix import FAULTS
from tests.faults.system.cluster import SCALED
from tests.faults.system.workload import Workload

LATE_BY = 90.0
"""Some run may be hit by several faults in turn; each costs a lease of 6 s, or an outage."""

WORKS = (":", "sleep 0.5", "sleep 3", "exit 3", "sleep 8")


@pytest.mark.timeout(0)
def test_a_random_mix_of_faults(
    new_cluster: NewCluster, measured: Measured, soak_seconds: float, soak_seed: int
) -> None:
    sys.stdout.write(f"seed {soak_seed}\n")
    chance = random.Random(soak_seed)
    cluster = new_cluster(workers=3, coordinators=2, settings={**SCALED, "SLOTS": "8"})
    work = Workload(cluster)
    work.recur(4, every=2, work="sleep 1", overlap="skip", max_retries=1)
    work.recur(2, every=3, work="sleep 4", overlap="queue", max_retries=0)
    until = cluster.now() + soak_seconds
    while cluster.now() < until:
        work.accept(
            [chance.uniform(0.2, 9) for _ in range(chance.randrange(3, 12))],
            work=chance.choice(WORKS),
            max_retries=chance.randrange(4),
            retry_delay=chance.choice((0, 0.5, 2)),
        )
        fault = chance.choice(FAULTS)
        sys.stdout.write(f"{cluster.now():.3f} {fault.__name__}\n")
        fault(cluster, chance)
        cluster.lasts(chance.uniform(0, 2))
    work.pause()
    settled(cluster, work.promises, within=180)
    verdict = judge(cluster, work.promises, late_by=LATE_BY)
    sys.stdout.writelines(f"{violation}\n" for violation in verdict.violations)
    assert verdict.violations == [], f"seed {soak_seed}"
    assert "deadlock detected" not in cluster.server_log()
    measured(
        "random mix of all faults (lease 6 s)",
        what="worst lateness",
        bound=LATE_BY,
        seconds=verdict.worst_late,
    )
