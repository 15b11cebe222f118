"""Punctuality: the share of starts that came within a second of their due time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

DAYS = 30
"""How far the figure looks back, today (UTC) included."""

# A step of every FINISH. Backfilled runs are of due times long past, so they are left out; so is
# an attempt that was lost before its start was reported.
TALLY = """
tallied AS (
    INSERT INTO start_tallies (team_id, day, starts, on_time)
    SELECT team_id, CAST(ended.due_at AT TIME ZONE 'UTC' AS date), count(*),
           count(*) FILTER (WHERE ended.lateness_ms <= 1000)
    FROM ended WHERE lateness_ms IS NOT NULL AND trigger <> 'backfill'
    GROUP BY 1, 2
)
"""

FOLD = text("""
WITH taken AS (
    DELETE FROM start_tallies WHERE id IN (
        SELECT id FROM start_tallies ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING team_id, day, starts, on_time
), added AS (
    INSERT INTO punctuality AS p (team_id, day, starts, on_time)
    SELECT taken.team_id, taken.day, sum(taken.starts), sum(taken.on_time)
    FROM taken JOIN teams ON teams.id = taken.team_id
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (team_id, day) DO UPDATE SET
        starts = p.starts + excluded.starts, on_time = p.on_time + excluded.on_time
)
SELECT count(*) FROM taken
""")

RECENT = text("""
SELECT coalesce(sum(starts), 0), coalesce(sum(on_time), 0) FROM (
    SELECT team_id, day, starts, on_time FROM punctuality
    UNION ALL
    SELECT team_id, day, starts, on_time FROM start_tallies
) AS counted
WHERE day > CAST(now() AT TIME ZONE 'UTC' AS date) - CAST(:days AS int)
  AND (CAST(:team_ids AS uuid[]) IS NULL OR team_id = ANY(:team_ids))
""")


@dataclass(frozen=True, slots=True)
class OnTime:
    """How many starts there were, and how many were at most one second late."""

    starts: int = 0
    on_time: int = 0

    @property
    def ratio(self) -> float | None:
        """Return the share on time, 0 to 1; None without a start."""
        return self.on_time / self.starts if self.starts else None


def fold(connection: Connection, *, batch_size: int) -> int:
    """Add at most `batch_size` tallies to their days; return how many, fewer when none is left."""
    return int(connection.execute(FOLD, {"limit": batch_size}).scalar_one())


def on_time(connection: Connection, *, team_ids: Sequence[uuid.UUID] | None = None) -> OnTime:
    """Return the on-time figure of the last 30 days, of these teams or all; ended attempts only."""
    params = {"days": DAYS, "team_ids": None if team_ids is None else list(team_ids)}
    starts, punctual = connection.execute(RECENT, params).one()
    return OnTime(int(starts), int(punctual))
