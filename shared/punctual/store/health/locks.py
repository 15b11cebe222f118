"""Locks of rows of health, for transactions that change those of many tasks."""

import uuid
from collections.abc import Collection

from sqlalchemy import Connection, text

LOCK = text("SELECT FROM task_health WHERE task_id = ANY(:ids) ORDER BY task_id FOR UPDATE")

LOCK_OF_RUNS = text("""
SELECT FROM task_health WHERE task_id IN (SELECT task_id FROM runs WHERE id = ANY(:run_ids))
ORDER BY task_id FOR UPDATE
""")


def lock_health(connection: Connection, task_ids: Collection[uuid.UUID]) -> None:
    """Lock the rows in the order in which the ends of runs do; wait for no run after this."""
    connection.execute(LOCK, {"ids": sorted(task_ids)})


def lock_health_of(connection: Connection, run_ids: Collection[uuid.UUID]) -> None:
    """Lock the rows of the tasks of these runs."""
    connection.execute(LOCK_OF_RUNS, {"run_ids": list(run_ids)})
