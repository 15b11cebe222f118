"""Look for troubles of the installation, and record each once when it begins and when it ends.

Any process may look, and as often as it likes: one at a time does.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.watch import (
    WATCHED,
    Key,
    Notice,
    Trouble,
    database_is_full,
    notices,
)
from punctual.ops.config import Settings
from punctual.store.alerts.events import NewEvent, record

UNSERVED_AFTER = timedelta(minutes=1)
"""A worker that is started again needs less."""
MOST_QUEUES = 100

LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('punctual watch'))")

# One row for each queue, by the index of queued runs; then the first runs of those without workers.
UNSERVED = text("""
WITH RECURSIVE used (queue) AS (
    (SELECT queue FROM runs WHERE state = 'queued' ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT (SELECT r.queue FROM runs AS r WHERE r.state = 'queued' AND r.queue > used.queue
            ORDER BY r.queue LIMIT 1)
    FROM used WHERE used.queue IS NOT NULL
)
SELECT used.queue, first.due_at
FROM used CROSS JOIN LATERAL (
    SELECT min(due_at) AS due_at FROM (
        SELECT due_at FROM runs WHERE state = 'queued' AND runs.queue = used.queue
        ORDER BY queue, turn, due_at, id LIMIT 100) AS next_runs) AS first
WHERE used.queue IS NOT NULL AND first.due_at < now() - :after AND NOT EXISTS (
    SELECT FROM workers WHERE workers.state = 'active' AND used.queue = ANY (workers.queues)
      AND heartbeat_at > now() - :lease)
LIMIT :most
""")

STOPPED = text("SELECT at FROM last_pass WHERE at < clock_timestamp() - :after")

SIZE = text("SELECT pg_database_size(current_database()), now()")

KNOWN = text("""
SELECT kind, queue, since FROM (
    SELECT DISTINCT ON (kind, details->>'queue')
           kind, coalesce(details->>'queue', '') AS queue,
           CAST(details->>'since' AS timestamptz) AS since,
           coalesce(CAST(details->>'over' AS boolean), false) AS over
    FROM alert_events WHERE team_id IS NULL AND kind = ANY(CAST(:kinds AS text[]))
    ORDER BY kind, details->>'queue', id DESC) AS newest
WHERE NOT over
""")


class WatchLimits(NamedTuple):
    """From when on something is a trouble; no bytes: the database may have any number."""

    lease: timedelta
    stopped_after: timedelta
    database_max_bytes: int = 0

    @classmethod
    def of(cls, settings: Settings) -> "WatchLimits":
        """Return those of an installation with these settings."""
        return cls(
            lease=timedelta(seconds=settings.lease_seconds),
            stopped_after=timedelta(seconds=settings.lease_seconds + 2 * settings.cycle_seconds),
            database_max_bytes=settings.database_max_bytes,
        )


def look(connection: Connection, limits: WatchLimits) -> list[Notice]:
    """Record what has begun and ended since the last look; return it.

    Nothing where another process looks at this moment.
    """
    if not connection.execute(LOCK).scalar_one():
        return []
    known = _known(connection)
    found = troubles(connection, limits, known=known)
    fresh = notices(found, known)
    record(connection, [NewEvent(one.kind, details=one.details) for one in fresh])
    return fresh


def troubles(
    connection: Connection, limits: WatchLimits, *, known: Mapping[Key, datetime] | None = None
) -> list[Trouble]:
    """Return the troubles that there are now."""
    params = {"after": UNSERVED_AFTER, "lease": limits.lease, "most": MOST_QUEUES}
    found = [
        Trouble(EventKind.UNSERVED_QUEUE, row.due_at, row.queue)
        for row in connection.execute(UNSERVED, params)
    ]
    stopped = connection.execute(STOPPED, {"after": limits.stopped_after}).scalar_one_or_none()
    if stopped is not None:
        found.append(Trouble(EventKind.COORDINATORS_STOPPED, stopped))
    if limits.database_max_bytes:
        used, now = connection.execute(SIZE).one()
        full = (EventKind.DATABASE_FULL, "")
        was_full = full in (known or {})
        if database_is_full(used, limits.database_max_bytes, was_full=was_full):
            figures = {"used_bytes": used, "max_bytes": limits.database_max_bytes}
            found.append(Trouble(EventKind.DATABASE_FULL, now, figures=figures))
    return found


def _known(connection: Connection) -> dict[Key, datetime]:
    rows = connection.execute(KNOWN, {"kinds": list(WATCHED)})
    return {(EventKind(row.kind), row.queue): row.since for row in rows}
