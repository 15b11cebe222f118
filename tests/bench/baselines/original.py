"""The original design, apart from its queue: tasks in PostgreSQL, a coordinator's cycle, a run.

Every 30 s the coordinator sends what is due in the next 30 s; the worker runs it with `subprocess`
and updates the task's status; what failed is retried in the next cycle. Written with care: one
connection for each process or thread, one statement for each step.
"""

import os
import subprocess
import threading
from datetime import datetime
from typing import Any

import psycopg2
import psycopg2.extensions

CYCLE_SECONDS = 30

TABLE = """
CREATE TABLE IF NOT EXISTS tasks (
    id bigint PRIMARY KEY, command text NOT NULL, due_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'pending', retries int NOT NULL DEFAULT 0,
    max_retries int NOT NULL DEFAULT 3, exit_code int, output bytea,
    started_at timestamptz, finished_at timestamptz);
CREATE INDEX IF NOT EXISTS tasks_due ON tasks (due_at) WHERE status = 'pending'
"""

TAKE_DUE = """
UPDATE tasks SET status = 'sent'
WHERE id IN (SELECT id FROM tasks WHERE status = 'pending'
             AND due_at <= now() + interval '30 seconds' ORDER BY due_at FOR UPDATE SKIP LOCKED)
RETURNING id, due_at
"""

BEGIN = """
UPDATE tasks SET status = 'running', started_at = clock_timestamp()
WHERE id = %s AND status = 'sent' RETURNING command
"""

END = """
UPDATE tasks SET exit_code = %(code)s, output = %(output)s, finished_at = clock_timestamp(),
    status = CASE WHEN %(code)s = 0 THEN 'completed' WHEN retries < max_retries THEN 'pending'
                  ELSE 'failed' END,
    retries = retries + (%(code)s <> 0)::int
WHERE id = %(id)s
"""

_own = threading.local()


def connection() -> "psycopg2.extensions.connection":
    """This thread's connection; each statement is a transaction."""
    if not hasattr(_own, "connection"):
        _own.connection = psycopg2.connect(os.environ["BENCH_DATABASE_URL"])
        _own.connection.autocommit = True
    opened: psycopg2.extensions.connection = _own.connection
    return opened


def take_due() -> list[tuple[int, datetime]]:
    """What is due in the next 30 s, now marked as sent, earliest first."""
    with connection().cursor() as cursor:
        cursor.execute(TAKE_DUE)
        return sorted(cursor.fetchall(), key=lambda row: row[1])


def execute(task_id: int) -> None:
    """Run a task's command, and keep what it printed and how it ended."""
    with connection().cursor() as cursor:
        cursor.execute(BEGIN, (task_id,))
        found: Any = cursor.fetchone()
        if found is None:
            return
        done = subprocess.run(["/bin/sh", "-c", found[0]], capture_output=True, check=False)
        output = psycopg2.Binary(done.stdout + done.stderr)
        cursor.execute(END, {"id": task_id, "code": done.returncode, "output": output})
