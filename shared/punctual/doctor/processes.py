"""The processes that share the work, and the work that waits for them."""

from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.config import Settings
from punctual.doctor.finding import Finding, error, ok, warning
from punctual.store.standing import Standing, standing

OVERDUE_WARNING_SECONDS = 15
"""By then a worker with room has found a due run, whatever became of the message."""
OVERDUE_ERROR_SECONDS = 60
SILENT_CYCLES = 3

COORDINATORS = text("""
SELECT name, extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS beat,
       extract(epoch FROM clock_timestamp() - coalesce(cycle_at, started_at))::float8 AS cycle
FROM coordinators WHERE heartbeat_at > now() - :lease ORDER BY name
""")

WORKERS = text("""
SELECT name, state, slots, room,
       extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS beat
FROM workers WHERE state <> 'gone' ORDER BY name
""")

UNPLANNED = text("""
SELECT count(*) FROM tasks WHERE plan_error IS NOT NULL AND deleted_at IS NULL
""")


def process_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Who is there, how long since each was heard of, and what waits."""
    lease = timedelta(seconds=settings.lease_seconds)
    stand = standing(connection, lease=lease)
    return [
        *_coordinators(connection, settings),
        *_workers(connection, settings),
        _queue(stand),
        _on_time(stand),
        *_unplanned(connection),
    ]


def _coordinators(connection: Connection, settings: Settings) -> list[Finding]:
    lease = timedelta(seconds=settings.lease_seconds)
    rows = connection.execute(COORDINATORS, {"lease": lease}).all()
    if not rows:
        return [error("coordinator", "none is alive: nothing new is planned or repaired")]
    limit = SILENT_CYCLES * settings.cycle_seconds
    return [
        (warning if row.cycle > limit else ok)(
            "coordinator",
            f"{row.name}: last heard of {row.beat:.0f} s ago, last cycle {row.cycle:.0f} s ago",
        )
        for row in rows
    ]


def _workers(connection: Connection, settings: Settings) -> list[Finding]:
    rows = connection.execute(WORKERS).all()
    found = [
        (warning if row.beat > settings.self_fence_seconds else ok)(
            "worker",
            f"{row.name}: {row.state}, {max(row.room, 0)} of {row.slots} slots free, "
            f"last heard of {row.beat:.0f} s ago",
        )
        for row in rows
    ]
    alive = [r for r in rows if r.state == "active" and r.beat <= settings.lease_seconds]
    if not alive:
        found.append(error("worker", "none takes runs: nothing starts"))
    elif sum(row.room for row in alive) <= 0:
        found.append(warning("worker", "no slot is free: what is due now starts late"))
    return found


def _queue(stand: Standing) -> Finding:
    runs = ", ".join(f"{number} {state}" for state, number in stand.unfinished.items())
    overdue = stand.oldest_queued_seconds
    if overdue <= OVERDUE_WARNING_SECONDS:
        return ok("runs", runs)
    level = error if overdue > OVERDUE_ERROR_SECONDS else warning
    return level("runs", f"{runs}; the oldest queued one is {overdue:.0f} s overdue")


def _on_time(stand: Standing) -> Finding:
    ratio = stand.on_time.ratio
    if ratio is None:
        return ok("on time", "no start in 30 days")
    detail = f"{ratio:.2%} of {stand.on_time.starts:,} starts in 30 days within a second"
    return (warning if ratio < 0.99 else ok)("on time", detail)


def _unplanned(connection: Connection) -> list[Finding]:
    tasks = connection.execute(UNPLANNED).scalar_one()
    if not tasks:
        return []
    return [warning("tasks", f"{tasks} cannot be planned; their pages say why (plan_error)")]
