"""What is killed, frozen or cut off costs seconds: nothing is lost, doubled or left behind."""

import os
import signal
import uuid

import pytest
from sqlalchemy import text

from tests.faults.checker.verdict import Verdict, judge, settled
from tests.faults.injection.statement_faults import FINISH, START, Kind
from tests.faults.system.cluster import Cluster
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually

LATE_BY = 30.0
TRIED_AGAIN = text("""
SELECT count(*) FROM runs WHERE task_id = ANY(CAST(:ids AS uuid[])) AND attempt > 1
""")


def good_verdict(cluster: Cluster, work: Workload) -> Verdict:
    """The verdict once everything has ended; fails on any broken promise."""
    settled(cluster, work.promises, within=40)
    verdict = judge(cluster, work.promises, late_by=LATE_BY)
    assert verdict.violations == []
    return verdict


class Eight:
    """Eight runs, one in every slot: first attempts go on until `let_end`, later ones end."""

    def __init__(self, cluster: Cluster, work: Workload) -> None:
        self._field = cluster
        self._sign = cluster.folder / f"end-{uuid.uuid4().hex}"
        wait = f"[ $PUNCTUAL_ATTEMPT -gt 1 ] || until [ -e {self._sign} ]; do sleep 0.1; done"
        before = len(cluster.journal.starts())
        self.promises = work.accept([1.5] * 8, work=wait, max_retries=1, retry_delay=0.1)
        cluster.running(before + 8)

    def half_are_retried(self) -> None:
        """Wait until what was taken from one worker has been started again, and let all end."""
        ids = {promise.task_id for promise in self.promises}

        def second_attempts() -> int:
            with self._field.engine.connect() as connection:
                again = connection.execute(TRIED_AGAIN, {"ids": sorted(ids)})
                return int(again.scalar_one())

        eventually(lambda: second_attempts() == 4, within=30)
        self._sign.touch()


@pytest.fixture(autouse=True)
def _whole_field(cluster: Cluster) -> None:
    """Before each test, both workers and the coordinator are there."""
    cluster.ready()


@pytest.mark.parametrize("marker", [START, FINISH], ids=["start", "finish"])
def test_the_reply_to_a_commit_is_lost(marker: bytes, cluster: Cluster, work: Workload) -> None:
    trap = cluster["worker-1"].database.arm(Kind.SWALLOW_COMMIT, marker)
    promises = work.accept([2.0] * 16, max_retries=0)  # more than one worker takes
    assert trap.sprung.wait(20)
    verdict = good_verdict(cluster, work)
    assert {verdict.run_of(promise).state for promise in promises} == {"succeeded"}


@pytest.mark.parametrize("halves", ["agent", "runner", "both"])
def test_a_worker_or_half_of_it_is_killed(halves: str, cluster: Cluster, work: Workload) -> None:
    eight = Eight(cluster, work)
    victim = cluster["worker-1"]
    pids = {"agent": [victim.pid], "runner": [victim.runner_pid]}
    for pid in pids.get(halves, pids["agent"] + pids["runner"]):
        os.kill(pid, signal.SIGKILL)
    eight.half_are_retried()
    verdict = good_verdict(cluster, work)
    assert sorted(map(verdict.starts_of, eight.promises)) == [1] * 4 + [2] * 4


def test_an_agent_is_frozen_for_longer_than_its_lease(cluster: Cluster, work: Workload) -> None:
    eight = Eight(cluster, work)
    victim = cluster["worker-1"]
    victim.stop()
    eventually(lambda: cluster.count("running") <= 4, within=20)
    victim.go_on()
    eight.half_are_retried()
    verdict = good_verdict(cluster, work)
    assert sorted(map(verdict.starts_of, eight.promises)) == [1] * 4 + [2] * 4


def test_postgresql_restarts_under_its_clients(cluster: Cluster, work: Workload) -> None:
    promises = work.accept([0.5 + n / 4 for n in range(12)], work="sleep 1", max_retries=0)
    cluster.servers.postgres.kill()
    cluster.servers.postgres.start()
    verdict = good_verdict(cluster, work)
    assert {verdict.run_of(promise).state for promise in promises} == {"succeeded"}
    assert {verdict.starts_of(promise) for promise in promises} == {1}
