"""Everything was stopped with runs planned: a restart on old data just before a due time."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, text

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.system.cluster import Cluster
from tests.faults.system.workload import Workload
from tests.support.age import age
from tests.support.eventually import eventually

EVERY = 30
AHEAD = 10.0  # the next due time comes so soon after the restart
STOPPED_FOR = 180.0

RUNS = text("""
SELECT r.*, t.catch_up, extract(epoch FROM r.due_at)::float8 AS due FROM runs AS r
JOIN tasks AS t ON t.id = r.task_id WHERE r.trigger = 'schedule' ORDER BY r.due_at, r.id
""")


def all_runs(cluster: Cluster) -> Sequence[Row[Any]]:
    with cluster.engine.connect() as connection:
        return connection.execute(RUNS).all()


def stop_everything(cluster: Cluster) -> None:
    for service in cluster.services.values():
        service.restarts = False
        service.terminate()
    eventually(lambda: not any(service.alive for service in cluster.services.values()), within=40)


def start_everything(cluster: Cluster) -> None:
    for service in cluster.services.values():
        service.restarts = True


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_a_restart_on_old_data_in_the_last_seconds_before_a_due_time(
    new_cluster: NewCluster, measured: Measured, overlap: str
) -> None:
    cluster = new_cluster(workers=1)
    work = Workload(cluster)
    for policy in ("none", "latest", "all"):
        work.recur(2, every=EVERY, work="sleep 1", catch_up=policy, overlap=overlap)
    eventually(lambda: len(all_runs(cluster)) >= 6, within=20)
    stop_everything(cluster)
    planned = {run.id for run in all_runs(cluster)}
    first = min(run.due for run in all_runs(cluster))
    # Aged by so much that the next due time is `AHEAD` from now.
    beyond = (first - cluster.now() - AHEAD) % EVERY
    age(cluster.engine, timedelta(seconds=STOPPED_FOR + beyond))
    back = cluster.now()
    next_due = back + AHEAD
    start_everything(cluster)

    def fresh() -> list[Row[Any]]:
        return [run for run in all_runs(cluster) if abs(run.due - next_due) < 2]

    eventually(lambda: len(fresh()) == 6, within=30)
    eventually(
        lambda: all(run.finished_at for run in all_runs(cluster) if run.due < next_due + 2),
        within=60,
        every=0.2,
    )
    work.pause()
    settled(cluster, work.promises, within=60)
    runs = all_runs(cluster)
    started = {line.run_id: line.at for line in cluster.journal.starts()}
    stale = [run for run in runs if run.due < back - 15]
    assert planned & {run.id for run in stale}
    by_policy = {
        policy: [run for run in stale if run.catch_up == policy]
        for policy in ("none", "latest", "all")
    }
    ran = {
        policy: [run for run in runs_of if str(run.id) in started]
        for policy, runs_of in by_policy.items()
    }
    assert ran["none"] == []
    newest = max(run.due for run in by_policy["latest"])
    assert all(run.due > newest - 2 for run in ran["latest"])
    assert len(ran["latest"]) == 2  # once for each task
    assert len(ran["all"]) == len(by_policy["all"]) > 2
    for task in {run.task_id for run in ran["all"]}:
        times = [started[str(run.id)] for run in ran["all"] if run.task_id == task]
        assert times == sorted(times)
    assert {run.state for run in stale if str(run.id) not in started} == {"missed"}
    assert {run.state for run in fresh()} == {"succeeded"}  # no stale run cost one its start
    assert judge(cluster, work.promises, late_by=STOPPED_FOR + 60).violations == []
    on_time = [run for run in fresh() if run.catch_up == "none"]
    measured(
        f"restart on old data just before a due time, overlap {overlap}",
        what="worst lateness of what was due then",
        bound=5,
        seconds=max(run.lateness_ms for run in on_time) / 1000,
    )
