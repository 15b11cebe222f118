"""History of a task: how long its runs took, and which tasks are due with it."""

import uuid

from sqlalchemy import Connection, text

from punctual.domain.schedules.advice_history import Past

LOOKED_AT = 100
"""The most of the newest runs that are read."""

MOST_TOGETHER = 1000
"""Tasks due together are counted up to here."""

PAST = text("""
SELECT count(*) AS runs,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM took))::float8 AS p95
FROM (SELECT finished_at - started_at AS took FROM (
          SELECT started_at, finished_at, state FROM runs WHERE task_id = :task_id
          ORDER BY scheduled_for DESC, id DESC LIMIT :newest) AS newest
      WHERE started_at IS NOT NULL AND finished_at IS NOT NULL) AS ended
""")

TOGETHER = text("""
SELECT due_at, (SELECT count(*) FROM (
           SELECT FROM tasks AS other
           WHERE other.team_id = due.team_id AND other.next_due_at = due.due_at
             AND other.enabled AND other.deleted_at IS NULL AND other.jitter = 0
           LIMIT :most) AS together) AS together
FROM (SELECT team_id, next_due_at AS due_at FROM tasks WHERE id = :task_id AND enabled) AS due
""")


def past_of_task(connection: Connection, task_id: uuid.UUID) -> Past:
    """Return how long the task's newest runs took, and how many tasks are next due with it."""
    ended = connection.execute(PAST, {"task_id": task_id, "newest": LOOKED_AT}).one()
    params = {"task_id": task_id, "most": MOST_TOGETHER}
    crowd = connection.execute(TOGETHER, params).one_or_none()
    due, together = (None, 0) if crowd is None else (crowd.due_at, crowd.together)
    return Past(runs=ended.runs, p95=ended.p95, due=due, together=together)
