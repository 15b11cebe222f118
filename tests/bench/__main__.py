"""The benchmarks' program: `make bench`, or `make bench ONLY=lateness,burst SIZE=small`."""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tests.bench.environment import BenchEnv, laid_bed
from tests.bench.failure import Failure, in_one_line
from tests.bench.machine import about
from tests.bench.measured import fill_in
from tests.bench.measures import (
    api,
    burst,
    cost,
    creation,
    cycle,
    idle,
    lateness,
    pages,
    plans,
    pruning,
    scaling,
    sleeps,
    starts,
    steps,
    walls,
)
from tests.bench.report import header, line, write
from tests.bench.row import Row
from tests.bench.size import SIZES

RESULT = Path("build/bench.json")

# In this order: what wants a quiet machine first, what wants a full database last.
MEASURES: dict[str, Callable[[BenchEnv], Iterable[Row]]] = {
    "idle": idle.at_rest,
    "run-now": idle.run_now,
    "lateness": lateness.at_20_a_second,
    "at-once": lateness.in_one_instant,
    "starts": starts.in_the_runner,
    "walls": walls.with_and_without,
    "burst": burst.at_one_instant,
    "sustained": burst.sustained,
    "sleeps": sleeps.memory,
    "cost": cost.of_a_run,
    "steps": steps.cost_of_each,
    "scaling": scaling.with_many_workers,
    "create": api.single,
    "creation": creation.in_one_thread,
    "bulk": api.bulk,
    "cycle": cycle.cost_of_waiting,
    "plans": plans.by_size,
    "pages": pages.by_size,
    "lateness-many": cycle.lateness_with_many,
    "pruning": pruning.lateness_while_pruning,
}


def main() -> int:
    """Measure, print and write what was asked for."""
    options = _options()
    chosen = options.only.split(",") if options.only else list(MEASURES)
    if unknown := set(chosen) - set(MEASURES):
        sys.exit(f"no such measurement: {', '.join(unknown)}; there are: {', '.join(MEASURES)}")
    rows: list[Row | Failure] = []
    until = time.monotonic() + options.minutes * 60
    with laid_bed(SIZES[options.size]) as env:
        machine = about(env)
        sys.stdout.write(header(machine))
        for name, measure in MEASURES.items():
            if name not in chosen:
                continue
            found = list(_measured(name, measure, env, until=until))
            for row in found:
                sys.stdout.write(line(row))
            sys.stdout.flush()
            rows += found
            write(RESULT, machine, rows)  # after each: what is there stays, whatever comes
    if options.size == "full" and not options.only:
        fill_in(RESULT)
    return 1 if any(isinstance(row, Failure) for row in rows) else 0


def _measured(
    name: str, measure: Callable[[BenchEnv], Iterable[Row]], env: BenchEnv, *, until: float
) -> Iterator[Row | Failure]:
    """Yield the rows of one measurement; where it fails, the others go on."""
    began = time.monotonic()
    if began > until:
        yield Failure(name, "no time was left for it (--minutes)")
        return
    sys.stderr.write(f"measuring {name} … ")
    sys.stderr.flush()
    try:
        for row in measure(env):
            yield replace(row, measure=name)
    except Exception as error:  # noqa: BLE001 - the other measurements go on
        traceback.print_exc()
        yield Failure(name, in_one_line(error))
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("--only", default="", help=f"of: {', '.join(MEASURES)}")
    parser.add_argument("--size", default="full", choices=sorted(SIZES))
    parser.add_argument("--minutes", type=float, default=17.0, help="begin nothing after these")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
