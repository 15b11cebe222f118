"""Stops: since when coordinators and workers are up, and what was not running before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.domain.reasons import nothing_running

UP = """
served AS MATERIALIZED (
    SELECT queue, min(up_since) AS since FROM workers, unnest(queues) AS queue
    WHERE state IN ('active', 'draining') AND heartbeat_at > clock_timestamp() - :lease
    GROUP BY queue
), coordinated AS MATERIALIZED (
    SELECT since, stopped_at FROM last_pass
)
"""

JOIN_UP = "LEFT JOIN served AS s ON s.queue = r.queue LEFT JOIN coordinated AS c ON true"

STOPS = """
    coalesce(c.since > {latest_start}, false) AS no_coordinator, c.since AS coordinated_since,
    c.stopped_at, coalesce(s.since > {latest_start}, false) AS no_worker, s.since AS served_since
"""
"""Which services came back only after the run `r` should have started, and when."""

LAST_BEAT = text("""
SELECT max(heartbeat_at) FROM workers
WHERE :queue = ANY (queues) AND up_since < :since AND heartbeat_at < :since
""")


def why_nothing_ran(connection: Connection, rows: Sequence[Row[Any]]) -> list[str]:
    """For each row with STOPS and a queue: what was not running, from when to when."""
    beats: dict[tuple[str, datetime], datetime | None] = {}
    return [_why(connection, row, beats) for row in rows]


def _why(
    connection: Connection,
    row: Row[Any],
    beats: dict[tuple[str, datetime], datetime | None],
) -> str:
    began: list[datetime | None] = []
    ended: list[datetime] = []
    if row.no_coordinator:
        began.append(row.stopped_at)
        ended.append(row.coordinated_since)
    if row.no_worker:
        asked = (row.queue, row.served_since)
        if asked not in beats:
            beats[asked] = connection.execute(
                LAST_BEAT, {"queue": row.queue, "since": row.served_since}
            ).scalar_one()
        began.append(beats[asked])
        ended.append(row.served_since)
    known = [at for at in began if at is not None]
    return nothing_running(
        coordinator=row.no_coordinator,
        worker=row.no_worker,
        since=max(known) if known else None,
        until=min(ended),
    )
