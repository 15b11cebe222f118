"""Outranked: find claimed runs to exchange for more urgent queued ones of their team."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.store.lifecycle.claim import pairs
from punctual.store.lifecycle.misfires.catch_up import STARTABLE

# Of each team of these claims, the next queued runs by turn: as many as it has here.
RIVALS = text(f"""
WITH mine AS MATERIALIZED (
    SELECT r.id, r.fence, r.team_id, r.queue, r.due_at, r.priority, r.state FROM runs AS r
    JOIN jsonb_to_recordset(CAST(:claims AS jsonb)) AS c (id uuid, fence bigint)
      ON c.id = r.id AND c.fence = r.fence
    WHERE r.worker_id = :worker_id AND r.state = 'claimed'
)
SELECT * FROM mine
UNION ALL
SELECT next.* FROM (SELECT team_id, queue, count(*) AS many FROM mine GROUP BY 1, 2) AS own
CROSS JOIN LATERAL (
    SELECT id, fence, team_id, queue, due_at, priority, state FROM runs AS r
    WHERE state = 'queued' AND queue = own.queue AND team_id = own.team_id
      AND due_at <= clock_timestamp() + interval '1 second' AND {STARTABLE}
    ORDER BY turn LIMIT own.many
) AS next
""")


class Rival(NamedTuple):
    """A run that is claimed, or queued, and would take a place among its team's runs here."""

    id: uuid.UUID
    fence: int
    team_id: uuid.UUID
    queue: str
    due_at: datetime
    priority: int
    state: str


class Exchange(NamedTuple):
    """What to release and what to claim for it: (run id, fence) pairs, as many of each."""

    release: list[tuple[uuid.UUID, int]]
    claim: list[tuple[uuid.UUID, int]]


def find_outranked(
    connection: Connection, *, worker_id: uuid.UUID, claims: Sequence[tuple[uuid.UUID, int]]
) -> Exchange:
    """Return which claimed runs should give their places to queued ones of their team."""
    params = {"claims": pairs(claims), "worker_id": worker_id}
    by_team: dict[tuple[uuid.UUID, str], list[Rival]] = {}
    for row in connection.execute(RIVALS, params):
        rival = Rival(*row)
        by_team.setdefault((rival.team_id, rival.queue), []).append(rival)
    exchange = Exchange([], [])
    for rivals in by_team.values():
        # A claimed run keeps its place against its equals.
        rivals.sort(key=lambda r: (r.due_at, -r.priority, r.state == "queued", r.id))
        places = sum(rival.state == "claimed" for rival in rivals)
        exchange.claim.extend((r.id, r.fence) for r in rivals[:places] if r.state == "queued")
        exchange.release.extend((r.id, r.fence) for r in rivals[places:] if r.state == "claimed")
    return exchange
