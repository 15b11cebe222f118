"""Uptime: the database's record of since when heartbeats could be written.

A worker may be buried only for silence while it could have beaten. So every coordinator records,
several times a lease, that the database takes writes. Each record continues the one before it, by
whichever coordinator, unless more than half a lease lies between them or the server was started
since. A gap of half a lease is safe: when the database is back, no worker's heartbeat is older than
that gap and one interval of heartbeats (less than half a lease), and workers try again each second.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

# Who locks the table of workers keeps heartbeats out, so that must keep this record out as well.
HEARTBEATS_PASS = text("LOCK TABLE workers IN ROW EXCLUSIVE MODE")

# The clock is read once, under the row's lock: a freeze after that makes the record too old, never
# too long. Where no coordinator recorded anything for a while, a worker that beat all along has.
RECORD = text("""
WITH before AS MATERIALIZED (
    SELECT up_since, seen_at, server_started_at FROM uptime FOR UPDATE
), reading AS MATERIALIZED (
    SELECT clock_timestamp() AS at, before.*
    FROM (VALUES (true)) AS one LEFT JOIN before ON true
)
INSERT INTO uptime (up_since, seen_at, server_started_at)
SELECT CASE WHEN server_started_at = pg_postmaster_start_time()
             AND seen_at BETWEEN at - CAST(:lease AS interval) / 2 AND at THEN up_since
       ELSE least(at, (
           SELECT min(greatest(beats_since, pg_postmaster_start_time())) FROM workers
           WHERE beats_since IS NOT NULL
             AND heartbeat_at BETWEEN at - CAST(:lease AS interval) / 2 AND at)) END,
       at, pg_postmaster_start_time()
FROM reading
ON CONFLICT (id) DO UPDATE SET up_since = excluded.up_since, seen_at = excluded.seen_at,
                               server_started_at = excluded.server_started_at
RETURNING up_since, seen_at
""")


class Uptime(NamedTuple):
    """Heartbeats could be written from `up_since` to `seen_at`, by the database's clock."""

    up_since: datetime
    seen_at: datetime

    def covers(self, lease: timedelta) -> bool:
        """Return True if every worker that lives had a whole lease to beat in."""
        return self.seen_at - self.up_since >= lease


def record_uptime(connection: Connection, *, lease: timedelta) -> Uptime:
    """Record that heartbeats can be written now, and return since when without a break.

    It counts once it is committed: use what it returned in a later transaction.
    """
    connection.execute(HEARTBEATS_PASS)
    return Uptime(*connection.execute(RECORD, {"lease": lease}).one())
