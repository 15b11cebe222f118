"""Dispatch: queue the runs that are due soon, and publish again what no worker claimed."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.store.concurrency.waitlist import next_of_waitlist
from punctual.store.lifecycle.misfires.catch_up import DISPATCHABLE
from punctual.store.lifecycle.misfires.deadlines import mark_missed
from punctual.store.lifecycle.paused_retries import MAY_BE_RETRIED
from punctual.store.lifecycle.turns import deal_turns

__all__ = ["Queued", "dispatch", "mark_missed", "redispatch"]

# A run's turn comes after its team's last one in this queue, and not before the turn that is being
# claimed now: teams alternate, and a team with a single run does not wait for all those of
# another. Two indexes answer both; nothing is sorted but the batch. Materialized, so that they are
# asked once for each team: for each run, they would walk past all that this statement has queued.
TURNS = """
front AS MATERIALIZED (
    SELECT queue, (SELECT turn FROM runs WHERE state = 'queued' AND queue = q.queue
                   ORDER BY turn LIMIT 1) AS turn
    FROM (SELECT DISTINCT queue FROM due) AS q
), back AS MATERIALIZED (
    SELECT own.queue, own.team_id, last.turn, last.due_at, last.priority
    FROM (SELECT DISTINCT queue, team_id FROM due) AS own LEFT JOIN LATERAL (
        SELECT turn, due_at, priority FROM runs
        WHERE state = 'queued' AND queue = own.queue AND team_id = own.team_id
        ORDER BY turn DESC LIMIT 1) AS last ON true
), turns AS (
    SELECT due.place,
           (due.due_at, -due.priority) < (back.due_at, -back.priority) AS overtakes,
           greatest(coalesce(front.turn, 1) - 1, coalesce(back.turn, 0)) + row_number() OVER (
               PARTITION BY due.queue, due.team_id
               ORDER BY due.due_at, due.priority DESC, due.id) AS turn
    FROM due JOIN front ON front.queue = due.queue
    JOIN back ON back.queue = due.queue AND back.team_id = due.team_id
)
"""

# The locked rows are updated by their place. Joined by id, and while PostgreSQL takes the table for
# all but empty (it was pruned, and not analysed since), it would go through the whole batch
# for each run there is. A run that is changed in that very instant is left to the next pass.
#
# A run of `overlap: queue` waits here, in `scheduled`, until no other run of its task is running or
# comes before it: queueing it earlier would only have workers pass it to and fro. A claimed
# one that is due later does not hold it back: a frequent task always has such a run.
DISPATCH = """
WITH due AS (
    SELECT ctid AS place, id, team_id, queue, due_at, priority FROM runs AS r
    WHERE state = 'scheduled' AND due_at <= coalesce(:now, now()) + :window AND {which}
      AND (start_by IS NULL OR attempt > 0 OR start_by > coalesce(:now, now()))
      AND {dispatchable} AND {may_be_retried}
      AND (overlap <> 'queue' OR NOT EXISTS (
          SELECT FROM runs AS other
          WHERE other.task_id = r.task_id AND other.id <> r.id
            AND (other.state = 'running'
                 OR other.state IN ('scheduled', 'queued', 'claimed')
                    AND (other.attempt > 0 AND r.attempt = 0
                         OR (other.due_at, other.id) < (r.due_at, r.id)
                            AND (other.attempt > 0) = (r.attempt > 0)))))
    ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
), {turns}
UPDATE runs SET state = 'queued', turn = turns.turn, dispatches = 1,
                redispatch_at = coalesce(:now, now()) + interval '5 seconds'
FROM turns WHERE runs.ctid = turns.place
RETURNING runs.id, runs.fence, runs.due_at, runs.priority, runs.queue, runs.team_id,
          turns.overtakes
"""
PARTS = {"turns": TURNS, "dispatchable": DISPATCHABLE, "may_be_retried": MAY_BE_RETRIED}
DISPATCH_UNLIMITED = text(DISPATCH.format(which="NOT limited", **PARTS))
DISPATCH_ADMITTED = text(DISPATCH.format(which="r.id = ANY(:admitted)", **PARTS))

# The first copy still counts, whenever it arrives: the fence is the same.
REDISPATCH = text("""
WITH forgotten AS (
    SELECT id FROM runs
    WHERE state = 'queued' AND redispatch_at <= coalesce(:now, now())
    ORDER BY redispatch_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE runs SET dispatches = least(dispatches + 1, 100),
    redispatch_at = coalesce(:now, now())
                    + least(60, 5 * power(2, least(dispatches, 4))) * interval '1 second'
FROM forgotten WHERE runs.id = forgotten.id
RETURNING runs.id, runs.fence, runs.due_at, runs.priority, runs.queue
""")


class Queued(NamedTuple):
    """A run that may be published: which one, under which fence, due when, for which workers."""

    run_id: uuid.UUID
    fence: int
    due_at: datetime
    priority: int
    queue: str


def dispatch(
    connection: Connection, *, window: timedelta, batch_size: int, now: datetime | None = None
) -> list[Queued]:
    """Queue at most `batch_size` scheduled runs due within the window, earliest first.

    Limited ones come on top, no more than their limits have places for.
    Publish them after the commit, never before. A short answer means that nothing is left.
    """
    params = {"window": window, "limit": batch_size, "now": now}
    rows = list(connection.execute(DISPATCH_UNLIMITED, params).all())
    if len(rows) < batch_size:
        for admitted in next_of_waitlist(connection, window=window, batch_size=batch_size, now=now):
            some = {**params, "admitted": admitted}
            rows += connection.execute(DISPATCH_ADMITTED, some).all()
    overtaking = [row for row in rows if row.overtakes]
    if overtaking:
        deal_turns(
            connection,
            queues=[row.queue for row in overtaking],
            teams=[row.team_id for row in overtaking],
            now=now,
        )
    return _ordered([row[:5] for row in rows])


def redispatch(
    connection: Connection, *, batch_size: int, now: datetime | None = None
) -> list[Queued]:
    """Return the queued runs that no worker claimed in time, to be published again unchanged."""
    return _ordered(connection.execute(REDISPATCH, {"limit": batch_size, "now": now}).all())


def _ordered(rows: Sequence[tuple[uuid.UUID, int, datetime, int, str]]) -> list[Queued]:
    return sorted((Queued(*row) for row in rows), key=lambda q: (q.due_at, -q.priority, q.run_id))
