"""Dispatch costs each run the same, whatever PostgreSQL believes about the table of runs."""

from sqlalchemy import Engine

from punctual.store.lifecycle.dispatch import DISPATCH_UNLIMITED
from tests.support.plans import forget_runs, most_rows
from tests.support.rows import WINDOW, many_runs, new_task


def test_a_burst_after_a_large_history_was_pruned_is_not_gone_through_for_each_run(
    engine: Engine,
) -> None:
    task, count = new_task(engine, overlap="allow"), 1000
    many_runs(engine, task, 3000)
    forget_runs(engine)
    many_runs(engine, task, count)
    asked = {"now": None, "window": WINDOW, "limit": count}
    with engine.connect() as connection:
        assert most_rows(connection, DISPATCH_UNLIMITED, asked) <= 2 * count
