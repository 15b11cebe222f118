"""Usage of concurrency limits: which limits a run counts towards, and how full they are.

A run that may count towards one is marked `limited`: only those are looked at, and an index leads
to them. The mark may be there without need, never missing where START has admitted the run.
"""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.concurrency import Limit, Queued

# The limits of tag and user that a task `t` falls under, as `l`.
APPLIES = "l.team_id = t.team_id AND (l.tag IS NULL OR l.tag = ANY (t.tags))"

MAY_USE_QUEUE = """
    (NOT (SELECT EXISTS (SELECT FROM queues))
     OR coalesce(r.team_id = ANY (CAST((SELECT q.team_ids FROM queues AS q WHERE q.name = r.queue)
                                       AS uuid[])), true))
"""
"""Whether the team of the run `r` may use its queue: a look-up by key, and no join.

Where every queue is open, a statement looks once and no run costs anything.
"""

IS_LIMITED = f"""
    (t.max_concurrent IS NOT NULL OR EXISTS (SELECT FROM concurrency_limits AS l WHERE {APPLIES}))
"""

MAY_WAIT = f"({IS_LIMITED} OR EXISTS (SELECT FROM queues AS q WHERE q.name = t.queue))"
"""Whether a run of the task `t` is marked: limits, or the teams of its queue, may keep it back."""

LIMITS = text(f"""
SELECT r.id AS run_id, r.queue, r.due_at, t.team_id, 'task ' || t.id AS key,
       t.max_concurrent AS most, t.id AS task_id, NULL AS tag, false AS slots
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
WHERE r.id = ANY(:ids) AND t.max_concurrent IS NOT NULL
UNION ALL
SELECT r.id, r.queue, r.due_at, t.team_id, 'limit ' || l.id, l.max_concurrent, NULL, l.tag,
       l.slots
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id JOIN concurrency_limits AS l ON {APPLIES}
WHERE r.id = ANY(:ids)
ORDER BY due_at, run_id, key
""")

RUNNING = text(f"""
SELECT 'task ' || t.id AS key, count(*) AS taken
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
WHERE r.limited AND r.state = 'running' AND r.team_id = ANY(:teams)
  AND t.max_concurrent IS NOT NULL
GROUP BY t.id
UNION ALL
SELECT 'limit ' || l.id, count(*)
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id JOIN concurrency_limits AS l ON {APPLIES}
WHERE r.limited AND r.state = 'running' AND r.team_id = ANY(:teams)
GROUP BY l.id
""")
QUEUED = text(f"""
SELECT 'task ' || t.id AS key, r.queue, r.due_at
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
WHERE r.limited AND r.state IN ('queued', 'claimed') AND r.team_id = ANY(:teams)
  AND t.max_concurrent IS NOT NULL
UNION ALL
SELECT 'limit ' || l.id, r.queue, r.due_at
FROM runs AS r JOIN tasks AS t ON t.id = r.task_id JOIN concurrency_limits AS l ON {APPLIES}
WHERE r.limited AND r.state IN ('queued', 'claimed') AND r.team_id = ANY(:teams)
ORDER BY due_at
""")

MARK = text(f"""
WITH unfinished AS (
    SELECT r.id FROM runs AS r JOIN tasks AS t ON t.id = r.task_id
    WHERE t.team_id = :team_id AND (CAST(:task_id AS uuid) IS NULL OR t.id = :task_id)
      AND r.state IN ('scheduled', 'queued', 'claimed', 'running') AND NOT r.limited
      AND {MAY_WAIT}
    ORDER BY r.due_at, r.id FOR UPDATE OF r
)
UPDATE runs SET limited = true FROM unfinished WHERE runs.id = unfinished.id
""")


class Counted(NamedTuple):
    """One limit that one run counts towards."""

    run_id: uuid.UUID
    team_id: uuid.UUID
    limit: Limit
    queued: Queued


def limits_of(connection: Connection, run_ids: Collection[uuid.UUID]) -> list[Counted]:
    """Return the limits that these runs count towards, the earliest due run first."""
    rows = connection.execute(LIMITS, {"ids": list(run_ids)})
    return [
        Counted(
            row.run_id,
            row.team_id,
            Limit(row.key, row.most, row.task_id, row.tag, row.slots),
            Queued(row.queue, row.due_at),
        )
        for row in rows
    ]


def count_running(connection: Connection, teams: Collection[uuid.UUID]) -> dict[str, int]:
    """Return how many runs count towards each limit of these teams; unused limits are left out."""
    return {row.key: row.taken for row in connection.execute(RUNNING, {"teams": list(teams)})}


def queued_by_limit(
    connection: Connection, teams: Collection[uuid.UUID]
) -> dict[str, dict[str, list[datetime]]]:
    """Return when the dispatched runs that have not started are due, by limit and by queue."""
    found: dict[str, dict[str, list[datetime]]] = {}
    for row in connection.execute(QUEUED, {"teams": list(teams)}):
        found.setdefault(row.key, {}).setdefault(row.queue, []).append(row.due_at)
    return found


def mark_limited(
    connection: Connection, *, team_id: uuid.UUID, task_id: uuid.UUID | None = None
) -> None:
    """Mark the unfinished runs of a team, or of one task, that may have to wait."""
    connection.execute(MARK, {"team_id": team_id, "task_id": task_id})
