"""What has to be shown, with default settings: the promises under the faults that people fear."""

import itertools

from tests.faults.checker.verdict import judge, retried_after, settled
from tests.faults.conftest import Measured, NewCluster, NewCustomer
from tests.support.eventually import eventually


def test_a_worker_with_forty_claimed_and_thirty_running_runs_is_killed(
    new_cluster: NewCluster, new_customer: NewCustomer, measured: Measured
) -> None:
    cluster = new_cluster(workers=1, apis=1, settings={"SLOTS": "70"})
    ann = new_customer(cluster)
    long = "[ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 300"
    again = ann.create(15, due_in=2, work=long, max_retries=2)
    never_again = ann.create(15, due_in=2, work=long, max_retries=0)
    cluster.running(30)
    upcoming = ann.create(40, due_in=25)
    eventually(lambda: cluster.count("claimed") == 40, within=20)
    cluster.add("worker")
    cluster.ready()
    cluster["worker-1"].restarts = False
    killed_at = cluster.now()
    cluster["worker-1"].kill()
    settled(cluster, ann.promises, within=120)
    verdict = judge(cluster, ann.promises, late_by=45)
    assert verdict.violations == []
    for promise in upcoming:
        assert (verdict.run_of(promise).state, verdict.starts_of(promise)) == ("succeeded", 1)
    for promise in again:
        assert (verdict.run_of(promise).state, verdict.starts_of(promise)) == ("succeeded", 2)
    for promise in never_again:
        assert (verdict.run_of(promise).state, verdict.starts_of(promise)) == ("lost", 1)
    name = "worker killed that held 40 runs and ran 30"
    measured(name, what="worst lateness", bound=45, seconds=verdict.worst_late)
    measured(name, what="kill to retry", bound=45, seconds=retried_after(verdict, killed_at))


def test_valkey_and_coordinator_are_killed_eight_times(
    new_cluster: NewCluster, new_customer: NewCustomer, measured: Measured
) -> None:
    cluster = new_cluster(apis=1)
    ann = new_customer(cluster)
    valkey = cluster.servers.valkey
    for number, victim in zip(range(8), itertools.cycle(("valkey", "coordinator-1"))):
        ann.create(30, due_in=1)
        ann.create(8 if number % 2 else 7, due_in=6)
        cluster.lasts(2)
        if victim == "valkey":
            valkey.kill()
            cluster.lasts(1)  # what supervises a server starts it again after a second
            valkey.start()
        else:
            cluster[victim].kill()
        cluster.lasts(4)
    assert len(ann.promises) == 300
    settled(cluster, ann.promises, within=90)
    verdict = judge(cluster, ann.promises, late_by=15)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 300}
    measured(
        "Valkey and coordinator killed 8 times in turn during 300 due runs",
        what="worst lateness",
        bound=15,
        seconds=verdict.worst_late,
    )


def test_postgresql_is_killed_twice(
    new_cluster: NewCluster, new_customer: NewCustomer, measured: Measured
) -> None:
    cluster = new_cluster(apis=1, coordinators=2)
    ann = new_customer(cluster)
    ann.create(60, due_in=20, work="sleep 1")
    ann.create(10, due_in=1, work="sleep 30")
    postgres = cluster.servers.postgres
    with ann.looking("/api/tasks/?limit=5", "/api/runs/"):
        cluster.running(10)
        for _ in range(2):
            postgres.kill()
            cluster.lasts(3)
            postgres.start()
            cluster.lasts(10)
        settled(cluster, ann.promises, within=120)
    verdict = judge(cluster, ann.promises, late_by=45)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 70}
    assert ann.faults == []
    assert set(ann.answers) == {200, 201, 503}
    measured(
        "PostgreSQL killed twice",
        what="worst lateness",
        bound=45,
        seconds=verdict.worst_late,
    )
