"""The health of the whole product: its processes, its waiting runs, its punctuality.

Processes that live say nothing of work that gets on, so what is overdue is measured for each state
that a run can be stuck in, and for due times that are not planned.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.store.concurrency.usage import APPLIES
from punctual.store.health.counts import unhealthy_tasks
from punctual.store.lifecycle.start import HAS_BEGUN, OTHER_UNFINISHED
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


PROCESSES = text("""
SELECT (SELECT count(*) FROM coordinators
        WHERE heartbeat_at > now() - :lease) AS coordinators,
       (SELECT count(*) FROM workers
        WHERE state = 'active' AND heartbeat_at > now() - :lease) AS workers
""")

# A run that waits for others of its task, or for a limit, may do so however long they take: up to
# their end it is not overdue, and from then on it counts from that end. A `skip` run waits only
# for one that is caught up. Only overdue rows are read.
WAITS_FOR_RUN = f"""
    r.overlap <> 'allow' AND EXISTS (
        SELECT FROM runs AS other
        WHERE {OTHER_UNFINISHED} AND {HAS_BEGUN} AND (r.overlap <> 'skip' OR other.caught_up))
"""
WAITS_FOR_LIMIT = f"""
    r.limited AND (
        EXISTS (SELECT FROM tasks AS t
                WHERE t.id = r.task_id AND t.max_concurrent <= (
                    SELECT count(*) FROM runs AS other
                    WHERE other.task_id = t.id AND other.state = 'running' AND other.limited))
        OR EXISTS (SELECT FROM tasks AS t JOIN concurrency_limits AS l ON {APPLIES}
                   WHERE t.id = r.task_id AND l.max_concurrent <= (
                       SELECT count(*) FROM runs AS other
                       JOIN tasks AS its ON its.id = other.task_id
                       WHERE other.limited AND other.state = 'running'
                         AND other.team_id = l.team_id
                         AND (l.tag IS NULL OR l.tag = ANY (its.tags)))))
"""

# One that waited in `scheduled` was queued when that was over. `redispatch_at` is 5, 10, 20, 40 and
# then every 60 s after that (dispatch.py); of a claimed run it is 30 s after the claim.
QUEUED_SINCE = """
    r.redispatch_at - interval '1 second'
        * CASE WHEN r.dispatches <= 4 THEN 5 * (power(2, r.dispatches) - 1)
               ELSE 75 + 60 * (r.dispatches - 4) END
"""
CLAIMED_SINCE = "r.redispatch_at - interval '30 seconds'"
EARLIER_ENDED = """
    (SELECT max(finished_at) FROM (
        SELECT earlier.finished_at FROM runs AS earlier
        WHERE earlier.task_id = r.task_id AND earlier.scheduled_for <= r.scheduled_for
          AND earlier.id <> r.id
        ORDER BY earlier.scheduled_for DESC LIMIT 5) AS before)
"""
FREE_SINCE = f"""
    greatest(r.due_at, CASE WHEN r.limited THEN {CLAIMED_SINCE} END,
             CASE WHEN r.overlap <> 'allow' THEN {EARLIER_ENDED} END)
"""

# One that is `running` waits for nothing, and its start is on record within a second. However many
# are queued, only the oldest are asked about (OFFSET 0 keeps the order), until one waits for
# nothing.
OVERDUE = text(f"""
SELECT 'scheduled' AS state, (
    SELECT due_at FROM runs WHERE state = 'scheduled' AND overlap <> 'queue' AND NOT limited
    ORDER BY due_at LIMIT 1) AS since
UNION ALL SELECT 'queued', (
    SELECT since FROM (
        SELECT r.id, r.task_id, r.overlap,
               CASE WHEN r.overlap = 'queue' OR r.limited THEN greatest(r.due_at, {QUEUED_SINCE})
                    ELSE r.due_at END AS since
        FROM runs AS r WHERE r.state = 'queued' AND r.due_at <= now() ORDER BY since OFFSET 0) AS r
    WHERE NOT ({WAITS_FOR_RUN}) LIMIT 1)
UNION ALL SELECT 'claimed', (
    SELECT min({FREE_SINCE}) FROM runs AS r
    WHERE r.state = 'claimed' AND r.due_at <= now()
      AND NOT ({WAITS_FOR_RUN}) AND NOT ({WAITS_FOR_LIMIT}))
UNION ALL SELECT 'running', (
    SELECT min({FREE_SINCE}) FROM runs AS r
    WHERE r.state = 'running' AND r.started_at IS NULL AND r.due_at <= now())
""")

UNPLANNED = text("""
SELECT extract(epoch FROM clock_timestamp() - next_due_at)::float8 FROM tasks
WHERE enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL ORDER BY next_due_at LIMIT 1
""")

# What of a team at its limit is due waits by design, and counts from when the team was last seen
# full: a coordinator that lives sees it in every sweep.
TEAMS_WAIT = text("SELECT EXISTS (SELECT FROM team_waits)")
UNPLANNED_BY_TEAM = text("""
SELECT extract(epoch FROM clock_timestamp()
               - min(greatest(first.next_due_at, coalesce(w.until, first.next_due_at))))::float8
FROM teams AS own LEFT JOIN team_waits AS w ON w.team_id = own.id
CROSS JOIN LATERAL (
    SELECT next_due_at FROM tasks
    WHERE team_id = own.id AND enabled AND deleted_at IS NULL AND next_due_at IS NOT NULL
    ORDER BY next_due_at LIMIT 1) AS first
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
    that are not planned yet. A run is not overdue while it waits for another one of its task, or
    for a limit.
    """

    runs: dict[str, float]
    unplanned: float


@dataclass(frozen=True, slots=True)
class HealthSummary:
    """Processes that are alive, unfinished runs by state, and the figure of on-time starts."""

    coordinators: int
    workers: int
    unfinished: dict[str, int]
    on_time: OnTime
    overdue: Overdue
    plan_errors: int
    unhealthy: Mapping[tuple[str, ...], int]


def summarize_health(connection: Connection, *, lease: timedelta) -> HealthSummary:
    """Return the summary as of now; a process is alive whose heartbeat is younger than `lease`."""
    row = connection.execute(PROCESSES, {"lease": lease}).one()
    unfinished = dict.fromkeys(("scheduled", "queued", "claimed", "running"), 0)
    for state, runs in connection.execute(UNFINISHED):
        unfinished[state] = runs
    return HealthSummary(
        row.coordinators,
        row.workers,
        unfinished,
        on_time(connection),
        overdue(connection),
        int(connection.execute(PLAN_ERRORS).scalar_one()),
        unhealthy_tasks(connection),
    )


def overdue(connection: Connection) -> Overdue:
    """Return for how long already work should have got on, and has not."""
    now = connection.execute(NOW).scalar_one()
    found = {
        state: max(0.0, (now - since).total_seconds()) if since else 0.0
        for state, since in connection.execute(OVERDUE)
    }
    return Overdue(runs=found, unplanned=unplanned(connection))


def unplanned(connection: Connection) -> float:
    """Return by how many seconds the oldest due time that is not planned is overdue, 0 for none.

    Those of a team that has all unfinished runs that it may have are not.
    """
    oldest = max(0.0, connection.execute(UNPLANNED).scalar() or 0.0)
    if oldest and connection.execute(TEAMS_WAIT).scalar_one():
        return max(0.0, connection.execute(UNPLANNED_BY_TEAM).scalar() or 0.0)
    return oldest
