"""Dispatch costs each run the same, whatever PostgreSQL believes about the table of runs."""

import uuid
from typing import Any

from sqlalchemy import Engine, text

from punctual.store.dispatch import DISPATCH_UNLIMITED
from tests.support.rows import WINDOW, many_runs, new_task

# The last row keeps the pages before it, which PostgreSQL would give back otherwise.
PRUNE = text("DELETE FROM runs WHERE ctid < (SELECT max(ctid) FROM runs)")


def pruned(engine: Engine, task: uuid.UUID) -> None:
    """A table that was large, is all but empty now, and has been counted as such."""
    many_runs(engine, task, 3000)
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET state = 'cancelled', finished_at = now()"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(PRUNE)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE runs"))


def steps(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every step of an executed plan."""
    return [plan, *(step for below in plan.get("Plans", []) for step in steps(below))]


def test_a_burst_after_a_large_history_was_pruned_is_not_gone_through_for_each_run(
    engine: Engine,
) -> None:
    task, count = new_task(engine, overlap="allow"), 1000
    pruned(engine, task)
    many_runs(engine, task, count)
    asked = {"now": None, "window": WINDOW, "limit": count}
    with engine.connect() as connection:
        told = f"EXPLAIN (ANALYZE, FORMAT JSON) {DISPATCH_UNLIMITED.text}"
        [plan] = connection.execute(text(told), asked).scalar_one()
    looked = [
        step["Actual Loops"] * step["Actual Rows"] + step.get("Rows Removed by Join Filter", 0)
        for step in steps(plan["Plan"])
    ]
    assert max(looked) <= 2 * count
