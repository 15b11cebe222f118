"""Waiting work, punctuality, and tasks that cannot be planned."""

from datetime import timedelta

from sqlalchemy import Connection, text

from punctual.doctor.finding import Finding, error, ok, warning
from punctual.ops.config import Settings
from punctual.store.processes.health_summary import (
    STUCK_SECONDS,
    HealthSummary,
    late_after,
    summarize_health,
)

UNPLANNED = text("""
SELECT plan_error, count(*) AS tasks, sum(count(*)) OVER ()::bigint AS altogether FROM tasks
WHERE plan_error IS NOT NULL AND deleted_at IS NULL
GROUP BY plan_error ORDER BY tasks DESC, plan_error LIMIT 5
""")


def run_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Return what waits for a worker and for how long, and the on-time figure."""
    health = summarize_health(connection, lease=timedelta(seconds=settings.lease_seconds))
    late = late_after(sweep_seconds=settings.sweep_seconds)
    return [_runs(health, late), _planning(health, late), _on_time(health)]


def _runs(health: HealthSummary, late_seconds: float) -> Finding:
    runs = ", ".join(f"{number} {state}" for state, number in health.unfinished.items())
    late = {
        state: seconds for state, seconds in health.overdue.runs.items() if seconds > late_seconds
    }
    if not late:
        return ok("runs", runs)
    level = error if max(late.values()) > STUCK_SECONDS else warning
    overdue = ", ".join(
        f"{STUCK[state]} is {seconds:.0f} s overdue" for state, seconds in late.items()
    )
    return level("runs", f"{runs}; {overdue}")


def _planning(health: HealthSummary, late_seconds: float) -> Finding:
    seconds = health.overdue.unplanned
    if seconds <= late_seconds:
        return ok("planning", "every due time until now is planned")
    level = error if seconds > STUCK_SECONDS else warning
    return level("planning", f"the oldest due time that is not planned is {seconds:.0f} s old")


def _on_time(health: HealthSummary) -> Finding:
    ratio = health.on_time.ratio
    if ratio is None:
        return ok("on time", "no start in 30 days")
    detail = f"{ratio:.2%} of {health.on_time.starts:,} starts in 30 days within a second"
    return (warning if ratio < 0.99 else ok)("on time", detail)


STUCK = {
    "scheduled": "the oldest scheduled one",
    "queued": "the oldest queued one",
    "claimed": "the oldest claimed one",
    "running": "the oldest running one without a start on record",
}


def task_findings(connection: Connection, _: Settings) -> list[Finding]:
    """Return the tasks that no coordinator can plan."""
    reasons = connection.execute(UNPLANNED).all()
    if not reasons:
        return []
    listed = "; ".join(f"{row.tasks} with: {row.plan_error}" for row in reasons)
    altogether = reasons[0].altogether
    return [warning("tasks", f"{altogether} cannot be planned (plan_error): {listed}")]
