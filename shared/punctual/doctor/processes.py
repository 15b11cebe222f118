"""Coordinators and workers: which are alive, and the age of each one's last heartbeat."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from punctual.doctor.finding import Finding, error, ok, warning
from punctual.domain.instant import format_instant
from punctual.ops.config import Settings
from punctual.store.processes.workers import BUSY_SLOTS

SILENT_CYCLES = 3

COORDINATORS = text("""
SELECT id, name, version, started_at,
       extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS beat,
       extract(epoch FROM clock_timestamp() - coalesce(cycle_at, started_at))::float8 AS cycle
FROM coordinators WHERE heartbeat_at > now() - :lease ORDER BY name, started_at
""")

WORKERS = text(f"""
SELECT id, name, state, slots, greatest(slots - {BUSY_SLOTS}, 0) AS free, version, started_at,
       extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS beat
FROM workers WHERE state <> 'gone' ORDER BY name, started_at
""")  # noqa: S608 - constants


def coordinator_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Return findings on active coordinators, and on whether their cycles finish."""
    lease = timedelta(seconds=settings.lease_seconds)
    rows = connection.execute(COORDINATORS, {"lease": lease}).all()
    if not rows:
        return [error("coordinator", "none is alive: nothing new is planned or repaired")]
    max_age_seconds = SILENT_CYCLES * settings.cycle_seconds
    return [
        (warning if row.cycle > max_age_seconds else ok)(
            "coordinator",
            f"{row.name}{_release(row.version)}: last heartbeat {row.beat:.0f} s ago,"
            f" last cycle {row.cycle:.0f} s ago; {_life(row)}",
        )
        for row in rows
    ]


def worker_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Report workers that have not left, and whether a slot is free for what is due now."""
    rows = connection.execute(WORKERS).all()
    found = [
        (warning if row.beat > settings.self_fence_seconds else ok)(
            "worker",
            f"{row.name}{_release(row.version)}: {_worker_status(row, settings)}; {_life(row)}",
        )
        for row in rows
    ]
    active = [r for r in rows if r.state == "active" and r.beat <= settings.lease_seconds]
    if not active:
        found.append(error("worker", "none takes runs: nothing starts"))
    elif not any(row.free for row in active):
        found.append(warning("worker", "no slot is free: what is due now starts late"))
    return found


def _worker_status(row: Row[Any], settings: Settings) -> str:
    beat = f"last heartbeat {row.beat:.0f} s ago"
    if row.beat > settings.self_fence_seconds:
        taken_back = f"a coordinator takes back its runs after {settings.lease_seconds:g} s"
        return f"stopped answering, {beat}; {taken_back}"
    return f"{row.state}, {row.free} of {row.slots} slots free, {beat}"


def _life(row: Row[Any]) -> str:
    # An id begins with its time: 13 characters distinguish processes started one after the other.
    return f"id {str(row.id)[:13]}…, since {format_instant(row.started_at.replace(microsecond=0))}"


def _release(version: str | None) -> str:
    return f" ({version})" if version else ""
