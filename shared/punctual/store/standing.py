"""How the whole product stands, as only the database knows: what waits, who is there."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.store.punctuality import OnTime, on_time

STANDING = text("""
SELECT (SELECT count(*) FROM coordinators
        WHERE heartbeat_at > now() - :lease) AS coordinators,
       (SELECT count(*) FROM workers
        WHERE state = 'active' AND heartbeat_at > now() - :lease) AS workers,
       (SELECT extract(epoch FROM now() - due_at) FROM runs
        WHERE state = 'queued' ORDER BY due_at LIMIT 1) AS oldest_queued
""")

UNFINISHED = text("""
SELECT state, count(*) FROM runs
WHERE state IN ('scheduled', 'queued', 'claimed', 'running') GROUP BY state
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """Processes that are alive, unfinished runs by state, and the figure of on-time starts.

    `oldest_queued_seconds` is how long the queued run that was due first is overdue, 0 when
    none is.
    """

    coordinators: int
    workers: int
    oldest_queued_seconds: float
    unfinished: dict[str, int]
    on_time: OnTime


def standing(connection: Connection, *, lease: timedelta) -> Standing:
    """How things stand now; a process is alive whose heartbeat is younger than `lease`."""
    row = connection.execute(STANDING, {"lease": lease}).one()
    unfinished = dict.fromkeys(("scheduled", "queued", "claimed", "running"), 0)
    for state, runs in connection.execute(UNFINISHED):
        unfinished[state] = runs
    oldest = max(0.0, float(row.oldest_queued or 0))
    return Standing(row.coordinators, row.workers, oldest, unfinished, on_time(connection))
