"""The processes that share the work: who is there, how long since each was heard of."""

from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.config import Settings
from punctual.doctor.finding import Finding, error, ok, warning
from punctual.store.workers import BUSY_SLOTS

SILENT_CYCLES = 3

COORDINATORS = text("""
SELECT name, version, extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS beat,
       extract(epoch FROM clock_timestamp() - coalesce(cycle_at, started_at))::float8 AS cycle
FROM coordinators WHERE heartbeat_at > now() - :lease ORDER BY name
""")

WORKERS = text(f"""
SELECT name, state, slots, greatest(slots - {BUSY_SLOTS}, 0) AS free, version,
       extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS beat
FROM workers WHERE state <> 'gone' ORDER BY name
""")  # noqa: S608 - constants


def coordinator_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Coordinators that are alive, and whether their cycles come to an end."""
    lease = timedelta(seconds=settings.lease_seconds)
    rows = connection.execute(COORDINATORS, {"lease": lease}).all()
    if not rows:
        return [error("coordinator", "none is alive: nothing new is planned or repaired")]
    limit = SILENT_CYCLES * settings.cycle_seconds
    return [
        (warning if row.cycle > limit else ok)(
            "coordinator",
            f"{row.name}{_release(row.version)}: last heard of {row.beat:.0f} s ago,"
            f" last cycle {row.cycle:.0f} s ago",
        )
        for row in rows
    ]


def worker_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Report workers that have not left, and whether a slot is free for what is due now."""
    rows = connection.execute(WORKERS).all()
    found = [
        (warning if row.beat > settings.self_fence_seconds else ok)(
            "worker",
            f"{row.name}{_release(row.version)}: {row.state},"
            f" {row.free} of {row.slots} slots free, last heard of {row.beat:.0f} s ago",
        )
        for row in rows
    ]
    alive = [r for r in rows if r.state == "active" and r.beat <= settings.lease_seconds]
    if not alive:
        found.append(error("worker", "none takes runs: nothing starts"))
    elif not any(row.free for row in alive):
        found.append(warning("worker", "no slot is free: what is due now starts late"))
    return found


def _release(version: str | None) -> str:
    return f" ({version})" if version else ""
