"""One part of a worker is stuck while the rest of it lives."""

import os
import signal

import pytest

from tests.faults.checker.verdict import judge, retried_after, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.system.cluster import SCALED
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually

RETRY_SECONDS = 1.2
STOPS_ITS_RUNNER = "[ $PUNCTUAL_ATTEMPT -gt 1 ] || { kill -STOP $PPID; sleep 600; }"


def test_a_command_stops_the_runner(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(settings={**SCALED, "SLOTS": "8"})
    work = Workload(cluster)
    promises = work.accept([3.0] * 8, work="sleep 6", max_retries=1)
    cluster.running(8)
    at = cluster.now()
    promises += work.accept([0.0], work=STOPS_ITS_RUNNER, max_retries=1)
    promises += work.accept([5.0 + n for n in range(20)], max_retries=0)  # none is lost
    eventually(lambda: any(worker.exits for worker in cluster.of_kind("worker")), within=40)
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=40)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": len(promises)}
    ended = [worker for worker in cluster.of_kind("worker") if worker.exits]
    assert [worker.exits[0].code for worker in ended] == [1]
    assert ended[0].logged("runner stuck")
    measured(
        "a command stops its runner",
        what="stop to retry",
        bound=40 + RETRY_SECONDS,
        seconds=retried_after(verdict, at),
    )


@pytest.mark.parametrize("loop", ["starter", "reporter"])
def test_a_loop_of_a_worker_is_stuck(
    loop: str, new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(plants={"worker-1": f"tests.faults.planted.{loop}_sticks"})
    worker = cluster["worker-1"]
    work = Workload(cluster)
    promises = work.accept([3.0 + n / 2 for n in range(40)], max_retries=1, retry_delay=1)
    cluster.running(4)
    at = cluster.now()
    os.kill(worker.pid, signal.SIGUSR1)
    eventually(lambda: worker.exits, within=80)
    ended_at = worker.exits[0].at
    assert worker.exits[0].code == 1
    assert worker.logged("thread stuck")
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=60)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": len(promises)}
    measured(
        f"the {loop} of a worker is stuck", what="stuck to its end", bound=60, seconds=ended_at - at
    )
