"""Target 6: deleting history while runs start."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

from sqlalchemy import Engine

from punctual_coordinator.duties.pruner import Pruner
from tests.bench.contestants import FLOOR, punctual
from tests.bench.environment import BenchEnv, engine
from tests.bench.filling import fill_old_runs, fill_tasks
from tests.bench.measures.lateness import EVERY_MS
from tests.bench.racing import lateness, warm_up
from tests.bench.row import OURS, Row, Samples

DATABASE = "pruned"
KEEP = timedelta(days=30)
AS_FAST = 1.2
"""Lateness counts as the same up to this factor: repeats differ by as much."""


def lateness_while_pruning(env: BenchEnv) -> Iterator[Row]:
    """Lateness at 20 a second while the pruner deletes, and while it does not."""
    opened = engine(env.database(DATABASE))
    fill_tasks(opened, 1)
    samples, floor, pruned = Samples(), Samples(), 0
    with ExitStack() as stack:
        stack.callback(opened.dispose)
        product = stack.enter_context(env.product(DATABASE))
        ours = stack.enter_context(punctual(env, product))
        warm_up(env, [ours])
        offsets = [each * EVERY_MS for each in range(env.size.lateness_seconds * 20)]
        for _ in range(env.size.repeats):
            alone = lateness(env, [FLOOR, ours], offsets, repeats=1)
            floor.add(FLOOR.name, alone.of[FLOOR.name][0])
            samples.add("not pruning", alone.of[OURS][0])
            fill_old_runs(opened, env.size.old)
            with _pruning(opened) as deleted:
                while_pruning = lateness(env, [ours], offsets, repeats=1)
            samples.add(OURS, while_pruning.of[OURS][0])
            pruned += deleted.count
    p50, p99 = samples.percentile(0.5), samples.percentile(0.99)
    note = f"{pruned:,} runs deleted at the same time"
    for name, figures in (("p50", p50), ("p99", p99)):
        yield Row(
            f"lateness at 20/s, pruning: {name}",
            "ms late",
            figures,
            f"6: as without (≤ {AS_FAST} x)",
            AS_FAST,
            against="not pruning",
            note=note,
        )


class _pruning:  # noqa: N801 - it reads as the statement it is
    """Prunes in a thread of its own until the end of the block."""

    def __init__(self, opened: Engine) -> None:
        self.count = 0
        self._stop = threading.Event()
        self._pruner = Pruner(opened, self._stop, keep=KEEP, keep_audit=KEEP)
        self._thread = threading.Thread(target=self._prune)

    def __enter__(self) -> "_pruning":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _prune(self) -> None:
        self.count = self._pruner.run_once().runs
