"""PostgreSQL restarts, is away for long, and is locked; what runs goes on or ends as set."""

import psycopg2
import pytest
from sqlalchemy import make_url

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import Measured, NewCluster
from tests.faults.system.workload import Workload

BACK = 5.0
LONG_ONCE = "[ $PUNCTUAL_ATTEMPT -gt 1 ] || sleep 75"


def test_postgresql_restarts_at_once_under_load(
    new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(coordinators=2)
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 10 for n in range(150)], work="sleep 1", max_retries=0)
    cluster.running(20)
    cluster.servers.postgres.kill()
    cluster.servers.postgres.start()
    back_at = cluster.now()
    settled(cluster, promises, within=60)
    verdict = judge(cluster, promises, late_by=20)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 150}
    stalled = [line.at for line in verdict.history.starts() if line.at > back_at]
    measured(
        "PostgreSQL killed and restarted at once, under load",
        what="back to the next start",
        bound=BACK,
        seconds=min(stalled) - back_at,
    )


@pytest.mark.parametrize("on_lease_loss", ["kill", "keep"])
def test_postgresql_is_down_for_a_minute(
    on_lease_loss: str, new_cluster: NewCluster, measured: Measured
) -> None:
    cluster = new_cluster(settings={"ON_LEASE_LOSS": on_lease_loss})
    work = Workload(cluster)
    long = work.accept([1.0] * 10, work=LONG_ONCE, max_retries=1)
    once = work.accept([1.0] * 4, work=LONG_ONCE, max_retries=0)
    cluster.running(14)
    due_during_outage = work.accept([30.0] * 10)
    cluster.servers.postgres.kill()
    cluster.lasts(60)
    cluster.servers.postgres.start()
    back_at = cluster.now()
    settled(cluster, long + once + due_during_outage, within=180)
    verdict = judge(cluster, long + once + due_during_outage, late_by=75)
    assert verdict.violations == []
    started = {verdict.starts_of(promise) for promise in long}
    if on_lease_loss == "keep":
        assert started == {1}
        assert verdict.states == {"succeeded": 24}
    else:
        assert started == {2}
        assert {verdict.run_of(promise).state for promise in once} == {"lost"}
        assert {verdict.starts_of(promise) for promise in once} == {1}
    late = [p for p in verdict.history.starts() if p.at > back_at]
    measured(
        f"PostgreSQL down for a minute, ON_LEASE_LOSS={on_lease_loss}",
        what="back to the last start",
        bound=40,
        seconds=max(line.at for line in late) - back_at,
    )


def test_a_table_is_locked_for_twenty_seconds(new_cluster: NewCluster, measured: Measured) -> None:
    cluster = new_cluster(coordinators=2)
    work = Workload(cluster)
    promises = work.accept([1.0 + n / 4 for n in range(60)], work="sleep 2", max_retries=0)
    cluster.running(8)
    url = make_url(cluster.database_url).set(drivername="postgresql")
    connection = psycopg2.connect(url.render_as_string(hide_password=False))
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
        cluster.lasts(20)
        connection.rollback()
    finally:
        connection.close()
    settled(cluster, promises, within=90)
    verdict = judge(cluster, promises, late_by=35)
    assert verdict.violations == []
    assert verdict.states == {"succeeded": 60}
    measured(
        "the table of runs locked for 20 s",
        what="worst lateness",
        bound=35,
        seconds=verdict.worst_late,
    )
