"""Print for each seed how many planted anomalies are found and how many alarms are false.

`python -m tests.simulation.anomalies --seeds 1-5 [--tasks 300]`
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.anomalies.weeks import Outcome, simulate

MOST_FALSE = 1.0
"""False alarms in 10,000 ordinary runs."""
LEAST_FOUND = 0.99

ROW = "{:>6} | {:>8} | {:>12} | {:>7} | {:>12} | {:>14}"


def main() -> int:
    """Print the table; return 1 when too few anomalies were found or alarms were too many."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.anomalies")
    parser.add_argument("--seeds", default="1-5")
    parser.add_argument("--tasks", type=int, default=300)
    args = parser.parse_args()
    first, _, last = args.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    sys.stdout.write(
        ROW.format("seed", "ordinary", "false alarms", "planted", "found", "per 10,000") + "\n"
    )
    with ProcessPoolExecutor(2) as pool:
        outcomes = list(pool.map(partial(simulate, tasks=args.tasks), seeds))
    for seed, outcome in zip(seeds, outcomes, strict=True):
        _show(str(seed), outcome)
    whole = Outcome(Counter(), Counter(), Counter(), 0)
    for outcome in outcomes:
        whole = whole.plus(outcome)
    _show("all", whole)
    for kind, count in sorted(whole.missed.items()):
        sys.stdout.write(f"not found: {count} of kind {kind}" + "\n")
    for kind, count in sorted(whole.false.items()):
        sys.stdout.write(f"false alarms: {count} of kind {kind}" + "\n")
    return int(whole.rate > MOST_FALSE or whole.share < LEAST_FOUND)


def _show(name: str, outcome: Outcome) -> None:
    found, planted = outcome.found.total(), outcome.found.total() + outcome.missed.total()
    false = outcome.false.total()
    sys.stdout.write(
        ROW.format(name, outcome.ordinary, false, planted, found, f"{outcome.rate:.2f}") + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
