"""Dispatch costs each run the same, whatever PostgreSQL believes about the table of runs."""

from sqlalchemy import Engine, text

from punctual.store.lifecycle.dispatch import DISPATCH_UNLIMITED
from tests.support.plans import forget_runs, most_rows
from tests.support.rows import WINDOW, many_runs, new_task

MANY_TASKS = text("""
INSERT INTO tasks SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid()))).*
FROM tasks AS t, generate_series(1, :count)
""")
FAILED_ONCE = text("""
UPDATE runs SET attempt = 1, max_attempts = 2 WHERE id = (SELECT min(id::text)::uuid FROM runs)
""")


def test_a_burst_after_a_large_history_was_pruned_is_not_gone_through_for_each_run(
    engine: Engine,
) -> None:
    task, count = new_task(engine, overlap="allow"), 1000
    many_runs(engine, task, 3000)
    forget_runs(engine)
    many_runs(engine, task, count)
    params = {"now": None, "window": WINDOW, "limit": count}
    with engine.connect() as connection:
        assert most_rows(connection, DISPATCH_UNLIMITED, params) <= 2 * count


def test_a_retry_is_looked_up_by_its_task_among_however_many_tasks(engine: Engine) -> None:
    """A retry waits while its task is paused, so dispatch asks for the task of each."""
    task, count = new_task(engine, overlap="allow"), 1000
    many_runs(engine, task, count)
    with engine.begin() as connection:
        connection.execute(MANY_TASKS, {"count": 5 * count})
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(FAILED_ONCE)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE runs, tasks"))
    params = {"now": None, "window": WINDOW, "limit": count}
    with engine.connect() as connection:
        assert most_rows(connection, DISPATCH_UNLIMITED, params) <= 2 * count
