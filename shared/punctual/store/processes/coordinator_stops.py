"""Coordinator stops: the times in which no coordinator planned or dispatched."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

# A stop that follows right on another makes that one longer; one that was noted before its first
# pass came through goes on.
KEEP = text("""
WITH longer AS (
    UPDATE coordinator_stops SET to_at = :to_at WHERE to_at = :from_at RETURNING from_at
)
INSERT INTO coordinator_stops (from_at, to_at)
SELECT :from_at, :to_at WHERE NOT EXISTS (SELECT FROM longer)
ON CONFLICT (from_at) DO UPDATE SET to_at = greatest(coordinator_stops.to_at, excluded.to_at)
""")

AT = text("""
SELECT asked.at, stop.from_at, stop.to_at
FROM unnest(CAST(:times AS timestamptz[])) AS asked (at) CROSS JOIN LATERAL (
    SELECT from_at, to_at FROM coordinator_stops WHERE from_at <= asked.at
    ORDER BY from_at DESC LIMIT 1
) AS stop WHERE stop.to_at > asked.at
""")

PRUNE = text("""
DELETE FROM coordinator_stops WHERE from_at IN (
    SELECT from_at FROM coordinator_stops WHERE to_at < now() - :keep
    ORDER BY from_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")


class Stop(NamedTuple):
    """A time without a coordinator."""

    from_at: datetime
    to_at: datetime


def keep_stop(connection: Connection, stop: Stop) -> None:
    """Record a stop that has just ended."""
    connection.execute(KEEP, stop._asdict())


def stops_at(connection: Connection, times: Collection[datetime]) -> Mapping[datetime, Stop]:
    """Return the stop that each of these instants lies in; those in none are left out."""
    if not times:
        return {}
    rows = connection.execute(AT, {"times": list(set(times))})
    return {row.at: Stop(row.from_at, row.to_at) for row in rows}


def prune_stops(connection: Connection, *, keep: timedelta, batch_size: int) -> int:
    """Delete at most `batch_size` stops that ended longer ago than `keep`; return how many."""
    return connection.execute(PRUNE, {"keep": keep, "limit": batch_size}).rowcount
