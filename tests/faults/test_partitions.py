"""Workers lose the wire to a server; what they hold goes to others only once they let go of it."""

from tests.faults.checker.verdict import judge, retried_after, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.injection.links import REFUSE, STALL, SWALLOW, Mode
from tests.faults.injection.statement_faults import FINISH, START, Kind
from tests.faults.system.cluster import SCALED
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually

BUSY = 5.0
SLOW = Mode(delay=0.1)
TORN = Mode(cut_after=5_000)


def test_a_worker_cut_off_from_postgresql(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(settings={"SLOTS": "6"})
    work = Workload(cluster)
    promises = work.accept([4.0] * 12, work="sleep 30", max_retries=1)
    cluster.running(12)
    upcoming = work.accept([10.0] * 6)
    cut_at = cluster.now()
    cluster["worker-1"].database.set(STALL)
    eventually(lambda: len(cluster.journal.starts()) >= 12 + 6 + 6, within=100)
    cluster["worker-1"].database.set(REFUSE)
    settled(cluster, promises + upcoming, within=100)
    verdict = judge(cluster, promises + upcoming, late_by=45)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 18}
    measured(
        "worker cut off from PostgreSQL",
        what="cut to retry",
        bound=45,
        seconds=retried_after(verdict, cut_at),
    )


def test_a_worker_cut_off_from_redis(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(workers=1)
    cluster["worker-1"].redis.set(STALL)
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 2 for n in range(20)])
    eventually(lambda: len(cluster.journal.starts()) >= 10, within=40)
    cluster["worker-1"].redis.set(REFUSE)
    promises += work.accept([1.0 + n / 2 for n in range(20)])
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 40}
    measured(
        "worker cut off from Redis", what="worst lateness", bound=15, seconds=verdict.worst_late
    )


def test_replies_are_swallowed_for_ten_seconds(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(workers=1)
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 4 for n in range(40)], work="sleep 1", max_retries=0)
    cluster.running(4)
    cluster["worker-1"].database.set(SWALLOW)
    cluster["worker-1"].redis.set(SWALLOW)
    cluster.lasts(10)
    cluster["worker-1"].database.set(REFUSE)
    cluster["worker-1"].redis.set(REFUSE)
    cluster["worker-1"].calm()
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=20)
    assert verdict.violations == []
    assert all(verdict.starts_of(promise) <= 1 for promise in promises)
    measured(
        "every reply to a worker swallowed for 10 s",
        what="worst lateness",
        bound=20,
        seconds=verdict.worst_late,
    )


def test_the_reply_to_the_commit_of_start_is_swallowed(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(workers=1)
    work = Workload(cluster)
    trap = cluster["worker-1"].database.arm(Kind.SWALLOW_COMMIT, START)
    promises = work.accept([2.0] * 8, max_retries=0)
    assert trap.sprung.wait(20)
    settled(cluster, promises, within=30)
    verdict = judge(cluster, promises, late_by=BUSY)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 8}
    measured(
        "reply to the COMMIT of START swallowed",
        what="worst lateness",
        bound=BUSY,
        seconds=verdict.worst_late,
    )


def test_the_reply_to_the_commit_of_finish_is_swallowed(new_cluster: NewCluster) -> None:
    cluster = new_cluster(workers=1)
    work = Workload(cluster)
    trap = cluster["worker-1"].database.arm(Kind.SWALLOW_COMMIT, FINISH)
    promises = work.accept([1.0] * 8, max_retries=0)
    assert trap.sprung.wait(20)
    settled(cluster, promises, within=30)
    more = work.accept([0.5] * 4, work="exit 3", max_retries=2, retry_delay=0.1)
    settled(cluster, more, within=30)
    verdict = judge(cluster, promises + more, late_by=BUSY)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 8, "failed": 4}
    assert all(verdict.starts_of(promise) == 3 for promise in more)


def test_a_slow_wire_and_connections_cut_in_the_middle(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(settings=SCALED)
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 10 for n in range(100)], max_retries=0)
    # At one instant more than a reply that is cut can tell of: fewer at a time get through.
    promises += work.accept([12.0] * 60, max_retries=0)
    for service in cluster.services.values():
        service.database.set(SLOW)
    cluster.running(40)
    for service in cluster.services.values():
        service.database.set(TORN)
    cluster.running(160)
    cluster.calm()
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    measured(
        "a slow wire, then every connection cut mid-reply",
        what="worst lateness",
        bound=15,
        seconds=verdict.worst_late,
    )
