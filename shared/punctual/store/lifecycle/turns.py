"""Turns: order a team's queued runs by due time and priority, whichever came first.

Dispatch gives turns batch by batch, so a run that should go before some that were queued earlier
comes after them. The turns themselves stay the team's: no other team waits longer or shorter.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

MOST_DEALT = 1000
"""The most runs of a team whose turns are dealt again in one statement."""

# Those that compete for slots now, as they are due, and those due at one instant with another
# priority, wherever they lie. What is being claimed keeps its turn.
DEAL = text("""
WITH teams AS (
    SELECT DISTINCT queue, team_id FROM unnest(CAST(:queues AS text[]), CAST(:teams AS uuid[]))
        AS named (queue, team_id)
), queued AS MATERIALIZED (
    SELECT q.* FROM teams AS own CROSS JOIN LATERAL (
        SELECT id, queue, team_id, due_at, priority FROM runs
        WHERE state = 'queued' AND queue = own.queue AND team_id = own.team_id
    ) AS q
), competing AS (
    SELECT id FROM (
        SELECT id, due_at, min(priority) OVER at <> max(priority) OVER at AS differs,
               row_number() OVER (PARTITION BY queue, team_id
                                  ORDER BY due_at, priority DESC, id) AS place
        FROM queued WINDOW at AS (PARTITION BY queue, team_id, due_at)
    ) AS q
    WHERE place <= :most
      AND (differs OR due_at <= coalesce(:now, clock_timestamp()) + interval '1 second')
), mine AS MATERIALIZED (
    SELECT id, queue, team_id, due_at, priority, turn FROM runs
    WHERE id IN (SELECT id FROM competing) AND state = 'queued'
    ORDER BY due_at, id FOR UPDATE SKIP LOCKED
), dealt AS (
    SELECT ranked.id, turns.turn, ranked.turn AS before FROM (
        SELECT *, row_number() OVER (PARTITION BY queue, team_id
                                     ORDER BY due_at, priority DESC, id) AS n FROM mine
    ) AS ranked JOIN (
        SELECT queue, team_id, turn, row_number() OVER (PARTITION BY queue, team_id
                                                         ORDER BY turn) AS n FROM mine
    ) AS turns USING (queue, team_id, n)
)
UPDATE runs SET turn = dealt.turn FROM dealt WHERE runs.id = dealt.id AND dealt.turn <> dealt.before
""")


def deal_turns(
    connection: Connection,
    *,
    queues: Sequence[str],
    teams: Sequence[uuid.UUID],
    now: datetime | None = None,
) -> None:
    """Deal the turns of these teams' queued runs again, each in the queue at the same place."""
    params = {"queues": list(queues), "teams": list(teams), "most": MOST_DEALT, "now": now}
    connection.execute(DEAL, params)
