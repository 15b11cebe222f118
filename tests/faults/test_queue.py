"""Redis forgets, dies, doubles and shuffles; it only ever carried hints."""

import random
import shutil

from punctual_devstack.servers.valkey import Valkey
from tests.faults.checker.verdict import judge, settled, unsettled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.injection.messages import every_pair_that_ever_was
from tests.faults.system.workload import Workload


def test_the_queue_is_flushed_every_three_seconds(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(coordinators=2)
    work = Workload(cluster)
    promises = work.accept([random.uniform(1, 60) for _ in range(200)])
    with cluster.queue() as client:
        for _ in range(20):
            client.flushall()
            cluster.lasts(3)
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 200}
    measured(
        "FLUSHALL every 3 s for a minute",
        what="worst lateness",
        bound=15,
        seconds=verdict.worst_late,
    )


def test_messages_come_doubled_shuffled_and_a_day_old(new_cluster: NewCluster) -> None:
    cluster = new_cluster()
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 20 for n in range(100)], max_retries=0)
    old = work.accept([0.0] * 10, work="exit 1", max_retries=3, retry_delay=1)
    chance = random.Random(1)
    while unsettled(cluster, promises + old):
        pairs = every_pair_that_ever_was(cluster)
        chance.shuffle(pairs)
        cluster.publish(pairs[:500])
        cluster.lasts(0.5)
    verdict = judge(cluster, promises + old, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 100, "failed": 10}


def test_the_queue_comes_back_empty_after_thirty_seconds(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster()
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 2 for n in range(90)])
    cluster.running(3)
    valkey = cluster.servers.valkey
    valkey.kill()
    cluster.lasts(30)
    assert isinstance(valkey.kind, Valkey)
    shutil.rmtree(valkey.kind.folder / "appendonlydir")
    valkey.start()
    settled(cluster, promises, within=90)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 90}
    measured(
        "Valkey down for 30 s, then back and empty",
        what="worst lateness",
        bound=15,
        seconds=verdict.worst_late,
    )
