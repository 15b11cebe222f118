"""The checker sees what a missing guard leads to, and finds nothing where no guard is missing."""

import contextlib
import sys

import pytest

from tests.faults.checker.verdict import judge, settled
from tests.faults.conftest import NewCluster
from tests.faults.injection.links import STALL
from tests.faults.injection.messages import every_pair_that_ever_was
from tests.faults.system.cluster import SCALED, Cluster
from tests.faults.system.workload import Workload
from tests.support.eventually import eventually

MUTANTS = "tests.faults.mutants."
SETTINGS = {**SCALED, "SLOTS": "6"}
LATE_BY = 20.0


def mutated(name: str, *services: str) -> list[dict[str, str]]:
    """Plants for two clusters: the product as it is, and the mutant."""
    return [{}, dict.fromkeys(services, MUTANTS + name)]


def field_at_work(new_cluster: NewCluster, plants: dict[str, str]) -> tuple[Cluster, Workload]:
    """Return a cluster that runs 8 commands, each with a retry left."""
    cluster = new_cluster(settings=SETTINGS, plants=plants)
    work = Workload(cluster)
    work.accept([3.0] * 8, work="sleep 14", max_retries=1)
    cluster.running(8)
    return cluster, work


def rules_broken(cluster: Cluster, work: Workload) -> set[str]:
    """Which rules the checker says were broken; how, is shown when a test fails."""
    with contextlib.suppress(AssertionError):  # of a mutant that leaves runs for ever
        settled(cluster, work.promises, within=40)
    violations = judge(cluster, work.promises, late_by=LATE_BY).violations
    sys.stdout.writelines(f"{violation}\n" for violation in violations)
    return {violation.rule for violation in violations}


@pytest.mark.parametrize("plants", mutated("claim_without_fence", "worker-1", "worker-2"))
def test_the_checker_sees_claims_without_a_fence(
    plants: dict[str, str], new_cluster: NewCluster
) -> None:
    cluster = new_cluster(settings=SETTINGS, plants=plants)
    work = Workload(cluster)
    work.accept([4.0] * 6, max_retries=0)
    eventually(lambda: cluster.count("claimed") == 6, within=20)

    def both_get_copies_until_they_start() -> bool:
        cluster.publish(every_pair_that_ever_was(cluster))
        return cluster.count("claimed") == 0

    eventually(both_get_copies_until_they_start, within=20)
    broken = rules_broken(cluster, work)
    assert broken == set() if not plants else "an attempt starts at most once" in broken


@pytest.mark.parametrize("plants", mutated("finish_without_fence", "worker-1", "worker-2"))
def test_the_checker_sees_finishes_without_a_fence(
    plants: dict[str, str], new_cluster: NewCluster
) -> None:
    cluster, work = field_at_work(new_cluster, plants)
    cluster["worker-1"].database.set(STALL)
    eventually(lambda: any(x.attempt == 2 for x in cluster.journal.starts()), within=40)
    cluster["worker-1"].calm()  # what it wanted to say all the time now comes too late
    cluster.lasts(8)
    broken = rules_broken(cluster, work)
    outlived = "nothing is alive of a run that is not running"
    assert broken == set() if not plants else outlived in broken


@pytest.mark.parametrize("plants", mutated("reaper_by_age", "coordinator-1"))
def test_the_checker_sees_a_reaper_that_goes_by_age(
    plants: dict[str, str], new_cluster: NewCluster
) -> None:
    cluster = new_cluster(settings=SETTINGS, plants=plants)
    work = Workload(cluster)
    work.accept([1.0] * 4, work="sleep 8", max_retries=3)
    cluster.running(4)
    broken = rules_broken(cluster, work)
    overlap = "attempts of one run never overlap"
    assert broken == set() if not plants else overlap in broken


@pytest.mark.parametrize("plants", mutated("no_self_fence", "worker-1", "worker-2"))
def test_the_checker_sees_a_worker_without_a_self_fence(
    plants: dict[str, str], new_cluster: NewCluster
) -> None:
    cluster, work = field_at_work(new_cluster, plants)
    # The other one then has slots for what is tried again before the first attempts have ended.
    cut_off = cluster.busiest_worker()
    cut_off.database.set(STALL)
    eventually(lambda: any(x.attempt == 2 for x in cluster.journal.starts()), within=40)
    cluster.lasts(2)
    cut_off.calm()
    broken = rules_broken(cluster, work)
    assert broken == set() if not plants else "attempts of one run never overlap" in broken
