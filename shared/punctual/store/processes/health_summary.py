"""How the whole product stands, as only the database knows: what waits, who is there.

Processes that live say nothing of work that gets on, so what is overdue is measured for each state
that a run can be stuck in, and for due times that are not planned.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.store.runs.punctuality import OnTime, on_time

LATE_SWEEPS = 3
LATE_SECONDS = 15.0
"""By then a worker with a free slot has found a due run, whatever became of the message."""
STUCK_SECONDS = 60.0
"""Work that is this late does not get on by itself; alerts.yml has the same number."""


def late_after(*, sweep_seconds: float) -> float:
    """Return how many seconds past its time work counts as late: three sweeps, 15 s at least.

    The API's readiness, and the doctor's warnings, go by this.
    """
    return max(LATE_SECONDS, LATE_SWEEPS * sweep_seconds)


STANDING = text("""
SELECT (SELECT count(*) FROM coordinators
        WHERE heartbeat_at > now() - :lease) AS coordinators,
       (SELECT count(*) FROM workers
        WHERE state = 'active' AND heartbeat_at > now() - :lease) AS workers,
       (SELECT extract(epoch FROM now() - due_at) FROM runs
        WHERE state = 'queued' ORDER BY due_at LIMIT 1) AS oldest_queued
""")

# A run of `overlap: queue` or under a limit may wait for others, however long they take; one that
# is `running` waits for nothing, and its start is on record within a second.
OVERDUE = text("""
SELECT 'scheduled' AS state, (
    SELECT due_at FROM runs WHERE state = 'scheduled' AND overlap <> 'queue' AND NOT limited
    ORDER BY due_at LIMIT 1) AS since
UNION ALL SELECT 'queued', (SELECT min(due_at) FROM runs WHERE state = 'queued')
UNION ALL SELECT 'claimed', (SELECT min(due_at) FROM runs WHERE state = 'claimed')
UNION ALL SELECT 'running', (
    SELECT min(due_at) FROM runs WHERE state = 'running' AND started_at IS NULL)
UNION ALL SELECT 'unplanned', (
    SELECT next_due_at FROM tasks WHERE enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL
    ORDER BY next_due_at LIMIT 1)
""")

NOW = text("SELECT clock_timestamp()")

PLAN_ERRORS = text("""
SELECT count(*) FROM tasks WHERE plan_error IS NOT NULL AND deleted_at IS NULL
""")

UNFINISHED = text("""
SELECT state, count(*) FROM runs
WHERE state IN ('scheduled', 'queued', 'claimed', 'running') GROUP BY state
""")


@dataclass(frozen=True, slots=True)
class Overdue:
    """Seconds by which the oldest of each kind is overdue, 0 when none is.

    By the state of runs, `running` being those whose start is not on record; and due times of tasks
    that are not planned yet.
    """

    runs: dict[str, float]
    unplanned: float


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
    overdue: Overdue
    plan_errors: int


def standing(connection: Connection, *, lease: timedelta) -> Standing:
    """How things stand now; a process is alive whose heartbeat is younger than `lease`."""
    row = connection.execute(STANDING, {"lease": lease}).one()
    unfinished = dict.fromkeys(("scheduled", "queued", "claimed", "running"), 0)
    for state, runs in connection.execute(UNFINISHED):
        unfinished[state] = runs
    oldest = max(0.0, float(row.oldest_queued or 0))
    return Standing(
        row.coordinators,
        row.workers,
        oldest,
        unfinished,
        on_time(connection),
        overdue(connection),
        int(connection.execute(PLAN_ERRORS).scalar_one()),
    )


def overdue(connection: Connection) -> Overdue:
    """Return for how long already work should have got on, and has not."""
    now = connection.execute(NOW).scalar_one()
    found = {
        state: max(0.0, (now - since).total_seconds()) if since else 0.0
        for state, since in connection.execute(OVERDUE)
    }
    return Overdue(unplanned=found.pop("unplanned"), runs=found)
