"""Database silences: when PostgreSQL answered no coordinator, though one was awake and asked."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.runs.reasons import CodedReason, ReasonCode, coded
from punctual.ops.json_text import as_text

SHORTEST = timedelta(seconds=10)
"""Twice the time between two heartbeats, each of which sends a query."""

# A coordinator that was cut off by itself blames no database: the silence begins with the last
# answer to any that ran all the time; one that beats again as it ends does not count. Uptime that
# goes on from before until after it shows an answer within it, if it is longer than uptime's gaps.
RECORD = text("""
WITH asked AS MATERIALIZED (
    SELECT coalesce((
               SELECT max(heartbeat_at) FROM coordinators
               WHERE name = CAST(:name AS text) AND host = CAST(:host AS text)
                 AND heartbeat_at BETWEEN from_at - CAST(:within AS interval) AND from_at
           ), from_at) AS from_at, to_at
    FROM (SELECT clock_timestamp() - CAST(:began AS interval) AS from_at,
                 clock_timestamp() - CAST(:ended AS interval) AS to_at) AS own
), silent AS (
    SELECT greatest(from_at, (
               SELECT max(heartbeat_at) FROM coordinators
               WHERE started_at <= from_at AND heartbeat_at < to_at - interval '1 second')
           ) AS from_at, to_at
    FROM asked WHERE NOT EXISTS (
        SELECT FROM uptime WHERE up_since <= from_at AND seen_at >= to_at - interval '1 second'
                             AND to_at - from_at > CAST(:lease AS interval) / 2)
)
INSERT INTO database_silences (from_at, to_at)
SELECT from_at, to_at FROM silent WHERE to_at - from_at >= CAST(:shortest AS interval)
ON CONFLICT (from_at) DO UPDATE SET to_at = greatest(database_silences.to_at, excluded.to_at)
RETURNING from_at, to_at
""")

# Late starts that were noted before this silence was: a worker gets its answer first at times.
# A row that another transaction holds keeps its reason: nothing waits for this.
EXPLAIN = text("""
WITH found AS (
    SELECT l.task_id, l.scheduled_for FROM ledger AS l JOIN runs AS r ON r.id = l.run_id
    WHERE l.noted_at >= :from_at AND l.reason = 'late'
      AND l.reason_code IN ('not_planned', 'nothing_to_start_it', 'no_worker_yet', 'no_free_slot')
      AND r.due_at >= :from_at AND r.due_at < :to_at
    ORDER BY l.task_id, l.scheduled_for FOR UPDATE OF l SKIP LOCKED
)
UPDATE ledger AS l SET reason_code = :code, reason_args = CAST(:args AS jsonb)
FROM found WHERE l.task_id = found.task_id AND l.scheduled_for = found.scheduled_for
""")

AT = text("""
SELECT asked.at, silence.from_at, silence.to_at
FROM unnest(CAST(:times AS timestamptz[])) AS asked (at) CROSS JOIN LATERAL (
    SELECT from_at, to_at FROM database_silences WHERE from_at <= asked.at
    ORDER BY from_at DESC LIMIT 1
) AS silence WHERE silence.to_at > asked.at
""")

PRUNE = text("""
DELETE FROM database_silences WHERE from_at IN (
    SELECT from_at FROM database_silences WHERE to_at < now() - :keep
    ORDER BY from_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")


class Silence(NamedTuple):
    """A time in which the database did not answer."""

    from_at: datetime
    to_at: datetime

    def reason(self, **args: object) -> CodedReason:
        """Return it as the reason of a run."""
        return coded(ReasonCode.DATABASE_SILENT, since=self.from_at, until=self.to_at, **args)


class Predecessor(NamedTuple):
    """A coordinator of this name and host that ended `within` this time before, without leaving."""

    name: str
    host: str
    within: timedelta


def record_silence(
    connection: Connection,
    *,
    began: timedelta,
    ended: timedelta,
    lease: timedelta,
    predecessor: Predecessor | None = None,
) -> Silence | None:
    """Record a silence by how long ago it began and ended; name it where a late start is noted.

    With a predecessor, it began with the last heartbeat of that one. None where the database
    answered another coordinator in the meantime.
    """
    bounds: dict[str, object] = {
        "began": began,
        "ended": ended,
        "lease": lease,
        "shortest": SHORTEST,
    }
    bounds |= predecessor._asdict() if predecessor else dict.fromkeys(Predecessor._fields)
    row = connection.execute(RECORD, bounds).one_or_none()
    if row is None:
        return None
    silence = Silence(*row)
    reason = silence.reason()
    params = {**silence._asdict(), "code": reason.code, "args": as_text(dict(reason.args))}
    connection.execute(EXPLAIN, params)
    return silence


def silences_at(connection: Connection, times: Collection[datetime]) -> Mapping[datetime, Silence]:
    """Return the silence that each of these instants lies in; those in none are left out."""
    if not times:
        return {}
    rows = connection.execute(AT, {"times": list(set(times))})
    return {row.at: Silence(row.from_at, row.to_at) for row in rows}


def prune_silences(connection: Connection, *, keep: timedelta, batch_size: int) -> int:
    """Delete at most `batch_size` silences that ended longer ago than `keep`; return how many."""
    return connection.execute(PRUNE, {"keep": keep, "limit": batch_size}).rowcount
