"""A random mix of every fault: `make chaos SOAK=600`, and less of it in every `make chaos`."""

import random
import sys

import pytest

from tests.faults.cluster import SCALED
from tests.faults.conftest import Measured, NewField
from tests.faults.fault_mix import FAULTS
from tests.faults.verdict import judge, settled
from tests.faults.workload import Workload

LATE_BY = 90.0
"""Some run may be hit by several faults in turn; each costs a lease of 6 s, or an outage."""

WORKS = (":", "sleep 0.5", "sleep 3", "exit 3", "sleep 8")


@pytest.mark.timeout(0)
def test_a_random_mix_of_faults(
    new_field: NewField, measured: Measured, soak_seconds: float, soak_seed: int
) -> None:
    sys.stdout.write(f"seed {soak_seed}\n")
    chance = random.Random(soak_seed)
    field = new_field(workers=3, coordinators=2, settings={**SCALED, "SLOTS": "8"})
    work = Workload(field)
    work.recur(4, every=2, work="sleep 1", overlap="skip", max_retries=1)
    work.recur(2, every=3, work="sleep 4", overlap="queue", max_retries=0)
    until = field.now() + soak_seconds
    while field.now() < until:
        work.accept(
            [chance.uniform(0.2, 9) for _ in range(chance.randrange(3, 12))],
            work=chance.choice(WORKS),
            max_retries=chance.randrange(4),
            retry_delay=chance.choice((0, 0.5, 2)),
        )
        fault = chance.choice(FAULTS)
        sys.stdout.write(f"{field.now():.3f} {fault.__name__}\n")
        fault(field, chance)
        field.lasts(chance.uniform(0, 2))
    work.pause()
    settled(field, work.promises, within=180)
    verdict = judge(field, work.promises, late_by=LATE_BY)
    sys.stdout.writelines(f"{violation}\n" for violation in verdict.violations)
    assert verdict.violations == [], f"seed {soak_seed}"
    assert "deadlock detected" not in field.server_log()
    measured(
        "random mix of all faults (lease 6 s)",
        what="worst lateness",
        bound=LATE_BY,
        seconds=verdict.worst_late,
    )
