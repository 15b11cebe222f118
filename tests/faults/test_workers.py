"""Workers die at the worst moments; what they held or ran is neither lost nor doubled."""

import os
import signal
from typing import Any

import pytest

from tests.faults.checker.verdict import judge, retried_after, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.injection.statement_faults import FINISH, START, Kind
from tests.faults.system.cluster import SCALED
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually

LEASE, SWEEP, BACKOFF, BUSY = 6.0, 1.0, 1.2, 5.0
RETRIED_BY = LEASE + SWEEP + BACKOFF + BUSY
BOTH_FULL = {**SCALED, "SLOTS": "6"}
ONE_RETRY: dict[str, Any] = {"max_retries": 1, "retry_delay": 1}


def test_a_worker_killed_between_start_and_spawn(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(settings=BOTH_FULL)
    work = Workload(cluster)
    trap = cluster["worker-1"].database.arm(Kind.SWALLOW_COMMIT, START, cut=False)
    promises = work.accept([3.0] * 24, **ONE_RETRY)
    assert trap.sprung.wait(20)
    cluster["worker-1"].kill()
    settled(cluster, promises, within=40)
    verdict = judge(cluster, promises, late_by=RETRIED_BY)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 24}
    assert any(a.state == "lost" for a in verdict.history.attempts)
    measured(
        "worker killed between START and the process (lease 6 s)",
        what="worst lateness",
        bound=RETRIED_BY,
        seconds=verdict.worst_late,
    )


def test_a_worker_killed_between_exit_and_finish(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(settings=SCALED, workers=1)
    work = Workload(cluster)
    trap = cluster["worker-1"].database.arm(Kind.STALL_REQUEST, FINISH, cut=False)
    promises = work.accept([1.0], **ONE_RETRY) + work.accept([1.0], max_retries=0)
    assert trap.sprung.wait(20)
    # The one whose FINISH is held may have ended before the other has started.
    eventually(lambda: [line.kind for line in cluster.journal.lines()].count("end") == 2)
    killed_at = cluster.now()
    cluster["worker-1"].kill()
    settled(cluster, promises, within=40)
    verdict = judge(cluster, promises, late_by=BUSY)
    assert verdict.violations == []
    twice, once = promises
    # Its effects happen twice, or, without retries, once: no one can know that it had ended.
    assert (verdict.run_of(twice).state, verdict.starts_of(twice)) == ("succeeded", 2)
    assert (verdict.run_of(once).state, verdict.starts_of(once)) == ("lost", 1)
    measured(
        "worker killed between the command's end and FINISH (lease 6 s)",
        what="kill to retry",
        bound=RETRIED_BY,
        seconds=retried_after(verdict, killed_at),
    )


@pytest.mark.parametrize("who", ["agent", "runner"])
def test_one_half_of_a_worker_is_killed(
    who: str, new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(settings=BOTH_FULL)
    work = Workload(cluster)
    again = work.accept([3.0] * 9, work="sleep 4", **ONE_RETRY)
    once = work.accept([3.0] * 3, work="sleep 4", max_retries=0)
    promises = again + once
    cluster.running(12)
    victim = cluster["worker-1"]
    at = cluster.now()
    os.kill(victim.pid if who == "agent" else victim.runner_pid, signal.SIGKILL)
    settled(cluster, promises, within=40)
    verdict = judge(cluster, promises, late_by=BUSY)
    assert verdict.violations == []
    assert {verdict.run_of(promise).state for promise in again} == {"succeeded"}
    assert {verdict.run_of(promise).state for promise in once} <= {"succeeded", "lost"}
    assert {verdict.starts_of(promise) for promise in once} == {1}
    measured(
        f"{who} killed, but not its other half (lease 6 s)",
        what="kill to retry",
        bound=RETRIED_BY,
        seconds=retried_after(verdict, at),
    )


def test_both_halves_of_a_worker_are_killed(new_cluster: NewCluster) -> None:
    cluster = new_cluster(settings=SCALED, workers=1)
    work = Workload(cluster)
    promises = work.accept([1.0] * 8, work="sleep 12", **ONE_RETRY)
    cluster.running(8)
    halves = [cluster["worker-1"].pid, cluster["worker-1"].runner_pid]
    for pid in halves:
        os.kill(pid, signal.SIGKILL)
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=BUSY)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 8}


def test_a_stopped_agent_comes_back_too_late(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(settings=BOTH_FULL)
    work = Workload(cluster)
    promises = work.accept([3.0] * 12, work="sleep 5", **ONE_RETRY)
    cluster.running(12)
    at = cluster.now()
    cluster["worker-1"].stop()
    promises += work.accept([6.0] * 4)
    eventually(lambda: len(cluster.journal.starts()) >= 12 + 6 + 4, within=30)
    cluster["worker-1"].go_on()
    settled(cluster, promises, within=40)
    verdict = judge(cluster, promises, late_by=LEASE + SWEEP + BUSY)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 16}
    measured(
        "agent stopped past its lease, then continued (lease 6 s)",
        what="stop to retry",
        bound=RETRIED_BY,
        seconds=retried_after(verdict, at),
    )
