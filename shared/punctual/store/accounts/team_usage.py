"""Team usage: count the tasks and the unfinished runs of a team, up to a limit."""

import uuid

from sqlalchemy import Connection, text

TASKS = text("""
SELECT count(*) FROM (
    SELECT FROM tasks WHERE team_id = :team_id AND deleted_at IS NULL LIMIT :most) AS counted
""")

# OFFSET 0 has PostgreSQL read what has not ended, and never the whole history of the team.
UNFINISHED_RUNS = text("""
SELECT count(*) FROM (
    SELECT FROM (
        SELECT team_id FROM runs WHERE state IN ('scheduled', 'queued', 'claimed', 'running')
        OFFSET 0) AS unfinished
    WHERE team_id = :team_id LIMIT :most) AS counted
""")

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


def count_tasks(connection: Connection, team_id: uuid.UUID, *, most: int) -> int:
    """Return how many tasks the team has, `most` if there are more."""
    params = {"team_id": team_id, "most": most}
    counted: int = connection.execute(TASKS, params).scalar_one()
    return counted


def count_unfinished_runs(connection: Connection, team_id: uuid.UUID, *, most: int) -> int:
    """Return how many runs of the team have not ended, `most` if there are more."""
    params = {"team_id": team_id, "most": most}
    counted: int = connection.execute(UNFINISHED_RUNS, params).scalar_one()
    return counted


def lock_usage(connection: Connection, team_id: uuid.UUID, what: str) -> None:
    """Have this kind of thing counted and made for the team in one transaction at a time."""
    connection.execute(LOCK, {"what": f"{what} {team_id}"})
