"""What a feed shows: the tasks that are due next, and the runs that went wrong lately."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

MOST_TASKS = 500
MOST_FAILURES = 200
MOST_RUNS = 10_000
"""Of each team, the newest, which are looked through for those that went wrong."""
MOST_TAGGED = 10_000

TEAMS = text("SELECT team_id FROM memberships WHERE user_id = :user_id")

DUE = text("""
SELECT due.* FROM unnest(CAST(:team_ids AS uuid[])) AS team (id) CROSS JOIN LATERAL (
    SELECT id, team_id, name, schedule, schedule_anchor, calendars, max_runs, planned_runs,
           updated_at, next_due_at
    FROM tasks
    WHERE team_id = team.id AND deleted_at IS NULL AND enabled AND next_due_at IS NOT NULL
    ORDER BY next_due_at, tasks.id LIMIT :most
) AS due ORDER BY next_due_at, id LIMIT :most
""")

# By the index of tags: few tasks have a tag, and they may be due late.
DUE_WITH_TAG = text("""
WITH tagged AS MATERIALIZED (
    SELECT id, team_id, name, schedule, schedule_anchor, calendars, max_runs, planned_runs,
           updated_at, next_due_at, enabled
    FROM tasks WHERE tags @> ARRAY[CAST(:tag AS text)] AND deleted_at IS NULL LIMIT :most_tagged
)
SELECT * FROM tagged
WHERE team_id = ANY(CAST(:team_ids AS uuid[])) AND enabled AND next_due_at IS NOT NULL
ORDER BY next_due_at, id LIMIT :most
""")

FAILURES = text("""
SELECT recent.id, recent.task_id, tasks.name, recent.state, scheduled_for, started_at, finished_at,
       exit_code, reason_code, reason_args
FROM unnest(CAST(:team_ids AS uuid[])) AS team (id) CROSS JOIN LATERAL (
    SELECT * FROM (
        SELECT id, task_id, state, scheduled_for, started_at, finished_at, exit_code, reason_code,
               reason_args, superseded
        FROM runs WHERE team_id = team.id AND scheduled_for > :since AND scheduled_for <= now()
        ORDER BY scheduled_for DESC, id DESC LIMIT :most_runs) AS newest
    WHERE state IN ('failed', 'timed_out', 'lost', 'missed') AND NOT superseded
) AS recent JOIN tasks ON tasks.id = task_id
WHERE tasks.deleted_at IS NULL
  AND (CAST(:tag AS text) IS NULL OR tasks.tags @> ARRAY[CAST(:tag AS text)])
ORDER BY scheduled_for DESC, recent.id DESC LIMIT :most
""")


def teams_of(connection: Connection, user_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the teams that a user is in now."""
    return list(connection.execute(TEAMS, {"user_id": user_id}).scalars())


def due_tasks(
    connection: Connection, team_ids: Sequence[uuid.UUID], tag: str | None
) -> Sequence[Row[Any]]:
    """Return the tasks of the teams that are due next, at most 500."""
    params: dict[str, Any] = {"team_ids": list(team_ids), "most": MOST_TASKS}
    if tag is None:
        return connection.execute(DUE, params).all()
    params |= {"tag": tag, "most_tagged": MOST_TAGGED}
    return connection.execute(DUE_WITH_TAG, params).all()


def failures(
    connection: Connection,
    team_ids: Sequence[uuid.UUID],
    tag: str | None,
    *,
    since: datetime,
) -> Sequence[Row[Any]]:
    """Return runs that went wrong since then, newest first, at most 200."""
    params = {
        "team_ids": list(team_ids),
        "tag": tag,
        "since": since,
        "most": MOST_FAILURES,
        "most_runs": MOST_RUNS,
    }
    return connection.execute(FAILURES, params).all()
