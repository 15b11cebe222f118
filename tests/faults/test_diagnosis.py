"""Each fault differs from the others by /readyz, by metrics, and by one log line a repair."""

from collections import Counter

import httpx

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import NewCluster
from tests.faults.injection.links import REFUSE, STALL
from tests.faults.system.cluster import SCALED, Cluster
from tests.faults.system.service import Service
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually


def reasons(service: Service) -> str:
    """Why a service is not ready, in one line; empty when it is."""
    answer = httpx.get(f"{service.health_url}/readyz", timeout=20)
    return "; ".join(answer.json().get("reasons", []))


def metric(service: Service, name: str) -> float:
    """The sum of a metric over its labels."""
    text = httpx.get(f"{service.health_url}/metrics", timeout=20).text
    lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def repairs(cluster: Cluster, event: str) -> list[dict[str, str]]:
    """Every line that any coordinator logged about that kind of repair."""
    return [line for each in cluster.of_kind("coordinator") for line in each.logged(event)]


def test_each_fault_is_distinguished(new_cluster: NewCluster) -> None:
    cluster = new_cluster(settings={**SCALED, "SLOTS": "6"}, coordinators=2)
    worker, other = cluster["worker-1"], cluster["worker-2"]
    coordinator = cluster["coordinator-1"]
    assert [reasons(service) for service in cluster.services.values()] == [""] * 4

    worker.database.set(STALL)
    eventually(lambda: "database" in reasons(worker), within=20)
    assert metric(worker, "punctual_heartbeat_age_seconds") > 3
    assert reasons(other) == ""
    assert metric(other, "punctual_heartbeat_age_seconds") < 3
    worker.calm()
    eventually(cluster.healthy, within=30)

    errors = metric(coordinator, "punctual_redis_errors_total")
    for each in cluster.of_kind("coordinator"):
        each.redis.set(REFUSE)
    work = Workload(cluster)
    promises = work.accept([0.5] * 4)
    settled(cluster, promises, within=30)
    total = sum(
        metric(each, "punctual_redis_errors_total") for each in cluster.of_kind("coordinator")
    )
    assert total > errors
    assert metric(coordinator, "punctual_database_errors_total") == 0
    cluster.calm()

    coordinator.database.set(REFUSE)
    eventually(lambda: "database" in reasons(coordinator), within=20)
    eventually(lambda: coordinator.logged("database connection lost"), within=20)
    coordinator.calm()
    eventually(lambda: coordinator.logged("database connection restored"), within=20)
    assert len(coordinator.logged("database connection lost")) == 1


def test_each_repair_is_logged_once_with_its_ids(new_cluster: NewCluster) -> None:
    cluster = new_cluster(settings={**SCALED, "SLOTS": "6"}, coordinators=2)
    work = Workload(cluster)
    promises = work.accept(
        [3.0] * 12, work="[ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 20", max_retries=1
    )
    cluster.running(12)
    cluster["worker-1"].kill()
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=20)
    assert verdict.violations == []
    lost = {a.run_id for a in verdict.history.attempts if a.state == "lost"}
    assert len(lost) == 6
    buried = repairs(cluster, "worker buried")
    assert [line["worker"] for line in buried] == ["worker-1"]
    assert all(line["worker_id"] for line in buried)
    reaped = Counter(line["run_id"] for line in repairs(cluster, "run reaped"))
    assert set(reaped.values()) == {1}
    assert lost <= set(reaped)
    counted = sum(
        metric(each, "punctual_runs_reaped_total") for each in cluster.of_kind("coordinator")
    )
    assert counted == len(reaped)
    assert (
        sum(
            metric(each, "punctual_buried_workers_total") for each in cluster.of_kind("coordinator")
        )
        == 1
    )
