"""The benchmarks' program: `make bench`, or `make bench ONLY=lateness,burst SIZE=small`."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.bench.bed import Bed, laid_bed
from tests.bench.machine import about
from tests.bench.measures import api, burst, cost, cycle, idle, lateness, pages, sleeps
from tests.bench.report import header, line, write
from tests.bench.row import Row
from tests.bench.size import SIZES

RESULT = Path("build/bench.json")

# In this order: what wants a quiet machine first, what wants a full database last.
MEASURES: dict[str, Callable[[Bed], Iterable[Row]]] = {
    "idle": idle.at_rest,
    "run-now": idle.run_now,
    "lateness": lateness.at_20_a_second,
    "at-once": lateness.in_one_instant,
    "burst": burst.at_one_instant,
    "sustained": burst.sustained,
    "sleeps": sleeps.memory,
    "cost": cost.of_a_run,
    "create": api.single,
    "bulk": api.bulk,
    "cycle": cycle.cost_of_waiting,
    "pages": pages.by_size,
    "lateness-many": cycle.lateness_beside_many,
}


def main() -> int:
    """Measure, print and write what was asked for."""
    options = _options()
    chosen = options.only.split(",") if options.only else list(MEASURES)
    if unknown := set(chosen) - set(MEASURES):
        sys.exit(f"no such measurement: {', '.join(unknown)}; there are: {', '.join(MEASURES)}")
    rows: list[Row] = []
    with laid_bed(SIZES[options.size]) as bed:
        machine = about(bed)
        sys.stdout.write(header(machine))
        for name, measure in MEASURES.items():
            if name not in chosen:
                continue
            began = time.monotonic()
            sys.stderr.write(f"measuring {name} … ")
            sys.stderr.flush()
            found = list(measure(bed))
            sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
            for row in found:
                sys.stdout.write(line(row))
            sys.stdout.flush()
            rows += found
    write(RESULT, machine, rows)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("--only", default="", help=f"of: {', '.join(MEASURES)}")
    parser.add_argument("--size", default="full", choices=sorted(SIZES))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
