"""The overview of the dashboard of some teams; each statement is bounded, as pages poll it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from punctual.domain.calendars.calendar import blocking_calendar, readable_calendars
from punctual.domain.errors import Unreadable
from punctual.store.calendars.changes import calendars_named

MAX_BLOCKED = 20
"""Tasks with a blocked next due time that are skipped before the list gets shorter."""

CAP = 10_000
"""Counts stop here: beyond it a page says "10,000+", and no statement reads more rows."""

COUNTS = text("""
SELECT least(sum(one.scheduled), :cap)::int, least(sum(one.running), :cap)::int,
       least(sum(one.failed), :cap)::int
FROM unnest(CAST(:team_ids AS uuid[])) AS team (id) CROSS JOIN LATERAL (
    WITH recent AS (
        SELECT state FROM runs
        WHERE team_id = team.id AND NOT superseded
          AND scheduled_for > now() - interval '24 hours' AND scheduled_for <= now()
        ORDER BY scheduled_for DESC, id DESC LIMIT :cap
    )
    SELECT
        (SELECT count(*) FROM (
            SELECT FROM tasks
            WHERE team_id = team.id AND deleted_at IS NULL AND enabled
              AND (next_due_at IS NOT NULL OR EXISTS (
                  SELECT FROM runs WHERE runs.task_id = tasks.id AND runs.attempt = 0
                    AND runs.state IN ('scheduled', 'queued', 'claimed')))
            LIMIT :cap) AS capped) AS scheduled,
        (SELECT count(*) FROM runs WHERE team_id = team.id AND state = 'running') AS running,
        (SELECT count(*) FROM recent
         WHERE state IN ('failed', 'timed_out', 'lost', 'missed')) AS failed
) AS one
""")

NEXT_DUE = text("""
SELECT task_id, tasks.team_id, due.name, min(due_at) AS due_at, calendars
FROM unnest(CAST(:team_ids AS uuid[])) AS team (id) CROSS JOIN LATERAL (
    (SELECT tasks.id AS task_id, name, next_due_at AS due_at FROM tasks
     WHERE team_id = team.id AND deleted_at IS NULL AND enabled AND next_due_at IS NOT NULL
     ORDER BY next_due_at, tasks.id LIMIT :size)
    UNION ALL
    (SELECT runs.task_id, tasks.name, min(runs.due_at) AS due_at
     FROM runs JOIN tasks ON tasks.id = runs.task_id
     WHERE runs.team_id = team.id AND runs.state IN ('scheduled', 'queued', 'claimed')
     GROUP BY 1, 2 ORDER BY 3, 1 LIMIT :size)
) AS due JOIN tasks ON tasks.id = task_id
GROUP BY task_id, tasks.team_id, due.name, calendars ORDER BY 4, 1 LIMIT :size
""")

STRIPS = text("""
SELECT strip.* FROM unnest(CAST(:task_ids AS uuid[])) AS task (id) CROSS JOIN LATERAL (
    SELECT task_id, id, state, scheduled_for, lateness_ms FROM runs
    WHERE task_id = task.id AND NOT superseded
      AND (scheduled_for <= now() OR finished_at IS NOT NULL)
    ORDER BY scheduled_for DESC, id DESC LIMIT :size
) AS strip
""")

TAGS = text("""
SELECT tag FROM (
    SELECT DISTINCT unnest(tags) AS tag
    FROM unnest(CAST(:team_ids AS uuid[])) AS team (id) CROSS JOIN LATERAL (
        SELECT tags FROM tasks WHERE team_id = team.id AND deleted_at IS NULL
        ORDER BY tasks.id DESC LIMIT :cap) AS newest
) AS known ORDER BY lower(tag) LIMIT 200
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks that will start by themselves; runs now running; runs of the last 24 hours that
    failed, timed out, were lost or missed.
    """

    scheduled: int
    running: int
    failed: int


def counts(connection: Connection, *, team_ids: Sequence[uuid.UUID]) -> Counts:
    """Return the numbers at the top of a dashboard; none of the counts goes beyond CAP."""
    row = connection.execute(COUNTS, {"team_ids": list(team_ids), "cap": CAP}).one()
    return Counts(*row)


def next_due_tasks(
    connection: Connection, *, team_ids: Sequence[uuid.UUID], size: int
) -> list[tuple[uuid.UUID, str, datetime]]:
    """Return the tasks due next, earliest first: (task id, name, due time).

    One whose next due time is blocked is left out.
    """
    params = {"team_ids": list(team_ids), "size": size + MAX_BLOCKED}
    rows = connection.execute(NEXT_DUE, params).all()
    named = {(row.team_id, name) for row in rows for name in row.calendars or ()}
    own = calendars_named(connection, named)
    free = []
    for row in rows:
        calendars = readable_calendars(own.get(row.team_id, {}), row.calendars)
        if isinstance(calendars, Unreadable) or blocking_calendar(calendars, row.due_at) is None:
            free.append((row.task_id, row.name, row.due_at))
    return free[:size]


def strips(
    connection: Connection, *, task_ids: Sequence[uuid.UUID], size: int
) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """Return the last `size` runs of each task that came due, oldest first.

    Each with id, task_id, state, scheduled_for and lateness_ms.
    """
    found: dict[uuid.UUID, list[dict[str, Any]]] = {task_id: [] for task_id in task_ids}
    params = {"task_ids": list(task_ids), "size": size}
    for row in connection.execute(STRIPS, params).mappings():
        found[row["task_id"]].insert(0, dict(row))
    return found


def known_tags(connection: Connection, *, team_ids: Sequence[uuid.UUID]) -> list[str]:
    """Return the tags of these teams' tasks, in alphabetical order."""
    return list(connection.execute(TAGS, {"team_ids": list(team_ids), "cap": CAP}).scalars())
