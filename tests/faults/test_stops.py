"""Services are stopped, or are replaced, under load; no owner of a run notices."""

import itertools

import httpx

from punctual_worker.agent.stop_signals import REPEAT_SECONDS
from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster, NewCustomer
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually


def test_each_service_stops_under_load(
    new_cluster: NewCluster, new_customer: NewCustomer, measured: Measured
) -> None:
    cluster = new_cluster(apis=1, coordinators=2)
    ann = new_customer(cluster)
    for second in range(20):
        ann.create(8, due_in=3 + second, work="sleep 1", max_retries=0)
    for name in ("coordinator-1", "worker-1", "api-1"):
        cluster.lasts(4)
        cluster[name].replace(within=40)
        assert cluster[name].exits[-1].code == 0, cluster[name].text()[-2000:]
    settled(cluster, ann.promises, within=60)
    verdict = judge(cluster, ann.promises, late_by=5)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 160}
    measured(
        "SIGTERM to coordinator, worker and API under load",
        what="worst lateness",
        bound=5,
        seconds=verdict.worst_late,
    )


def test_a_second_sigterm_ends_the_drain(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(workers=1, settings={"DRAIN_SECONDS": "600"})
    work = Workload(cluster)
    long = "[ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 300"
    promises = work.accept([1.0] * 6, work=long, max_retries=1)
    promises += work.accept([1.0] * 4, work="trap '' TERM; sleep 300", max_retries=0)
    cluster.running(10)
    worker = cluster["worker-1"]
    stopping_at = cluster.now()
    worker.terminate()
    eventually(lambda: worker.logged("worker drain started"), within=10)
    worker.terminate()  # as supervisors do: still the same order
    cluster.lasts(REPEAT_SECONDS + 0.5)
    assert worker.alive
    worker.terminate()
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=5)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 6, "lost": 4}
    assert worker.exits[0].code == 0
    measured(
        "second SIGTERM to a worker",
        what="to its end, commands that ignore TERM included",
        bound=15,
        seconds=worker.exits[0].at - stopping_at,
    )


def test_everything_is_replaced_one_after_the_other(
    new_cluster: NewCluster, new_customer: NewCustomer, measured: Measured
) -> None:
    cluster = new_cluster(apis=2, coordinators=2)
    ann = new_customer(cluster)
    failed: list[str] = []
    for name, second in zip(sorted(cluster.services), itertools.count()):
        for ahead in range(6):
            try:
                ann.create(4, due_in=2 + ahead, work="sleep 0.5", max_retries=0)
            except httpx.TransportError as error:
                failed.append(f"{second}: {error!r}")
        cluster[name].replace(within=60)
        eventually(cluster.healthy, within=30)
    settled(cluster, ann.promises, within=60)
    verdict = judge(cluster, ann.promises, late_by=2.5)
    assert verdict.violations == []
    assert set(verdict.states) == {"succeeded"}
    assert not failed, failed
    measured(
        "rolling restart of everything",
        what="worst lateness",
        bound=2.5,
        seconds=verdict.worst_late,
    )
