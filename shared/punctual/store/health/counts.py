"""Counts of tasks that are not well, by team; each is one look-up in an index."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, text

from punctual.domain.runs.health import UNHEALTHY, Health

CAP = 10_000
"""Counts stop here: no statement reads more rows."""

UNHEALTHY_TASKS = text("""
SELECT team.slug, h.health, found.tasks FROM teams AS team
CROSS JOIN unnest(CAST(:healths AS text[])) AS h (health)
CROSS JOIN LATERAL (
    SELECT count(*)::int AS tasks FROM (
        SELECT FROM task_health WHERE team_id = team.id AND health = h.health LIMIT :cap) AS capped
) AS found WHERE found.tasks > 0
""")

OF_TEAMS = text("""
SELECT count(*)::int FROM (
    SELECT FROM unnest(CAST(:team_ids AS uuid[])) AS team (id)
    JOIN task_health AS h ON h.team_id = team.id AND h.health = :health LIMIT :cap) AS found
""")


def unhealthy_tasks(connection: Connection) -> dict[tuple[str, ...], int]:
    """Return how many tasks have each health that is not well, by slug of the team and health."""
    params = {"healths": list(UNHEALTHY), "cap": CAP}
    rows = connection.execute(UNHEALTHY_TASKS, params)
    return {(row.slug, row.health): row.tasks for row in rows}


def count_with_health(
    connection: Connection, health: Health, *, team_ids: Sequence[uuid.UUID]
) -> int:
    """Return how many tasks of these teams have this health, at most CAP."""
    params = {"team_ids": list(team_ids), "health": health, "cap": CAP}
    found: int = connection.execute(OF_TEAMS, params).scalar_one()
    return found
