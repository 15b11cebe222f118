"""Coordinators die at the worst moment, or crowd; what is due is dispatched once."""

from datetime import datetime

import pytest

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.injection.statement_faults import DISPATCH, Kind
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually


def test_a_coordinator_killed_right_after_the_commit_of_dispatch(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster()
    work = Workload(cluster)
    trap = cluster["coordinator-1"].database.arm(Kind.SWALLOW_COMMIT, DISPATCH, cut=False)
    promises = work.accept([1.0] * 20)
    assert trap.sprung.wait(20)
    cluster["coordinator-1"].kill()
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 20}
    measured(
        "coordinator killed after the commit of dispatch, before publishing",
        what="worst lateness",
        bound=15,
        seconds=verdict.worst_late,
    )


def test_every_coordinator_is_down_for_a_while(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(coordinators=2)
    work = Workload(cluster)
    promises = work.accept([6.0] * 10)
    eventually(lambda: cluster.count("claimed") == 10, within=20)
    for coordinator in cluster.of_kind("coordinator"):
        coordinator.restarts = False
        coordinator.kill()
    cluster.running(10)  # what is claimed starts without them
    promises += work.accept([1.0] * 10)
    cluster.lasts(4)
    for coordinator in cluster.of_kind("coordinator"):
        coordinator.restarts = True
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 20}
    restarts = [c.logged("coordinator started")[-1] for c in cluster.of_kind("coordinator")]
    first = min(datetime.fromisoformat(line["timestamp"]) for line in restarts)
    measured(
        "every coordinator down",
        what="restart to the last start",
        bound=5,
        seconds=max(line.at for line in verdict.history.starts()) - first.timestamp(),
    )


@pytest.mark.alone
def test_five_thousand_runs_due_at_one_second(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(coordinators=3, settings={"SLOTS": "24"})
    work = Workload(cluster)
    promises = work.accept([20.0] * 5000, max_retries=0)
    settled(cluster, promises, within=240)
    verdict = judge(cluster, promises, late_by=200)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 5000}
    assert "deadlock detected" not in cluster.server_log()
    measured(
        "5,000 runs due at one second, three coordinators",
        what="worst lateness (two workers on this machine)",
        bound=200,
        seconds=verdict.worst_late,
    )
