"""What the watch of the installation would report now."""

from sqlalchemy import Connection

from punctual.doctor.finding import Finding, error, ok, warning
from punctual.domain.alerts.events import EventKind
from punctual.domain.alerts.watch import Trouble
from punctual.domain.instant import format_instant
from punctual.ops.config import Settings
from punctual.store.alerts.watch import WatchLimits, troubles


def watch_findings(connection: Connection, settings: Settings) -> list[Finding]:
    """Return each trouble of the installation, or that there is none."""
    found = [_finding(trouble) for trouble in troubles(connection, WatchLimits.of(settings))]
    return found or [ok("watch", "every queue with due runs is served, and work is planned")]


def _finding(trouble: Trouble) -> Finding:
    since = format_instant(trouble.since.replace(microsecond=0))
    match trouble.kind:
        case EventKind.UNSERVED_QUEUE:
            detail = f"no worker serves the queue {trouble.queue}, where runs wait since {since}"
            return error("watch", f"{detail}; start one with PUNCTUAL_QUEUES")
        case EventKind.COORDINATORS_STOPPED:
            return error("watch", f"no coordinator has planned anything since {since}")
        case _:
            used, most = (trouble.figures[name] for name in ("used_bytes", "max_bytes"))
            detail = f"the database has {used:,} of {most:,} bytes (PUNCTUAL_DATABASE_MAX_BYTES)"
            return warning("watch", f"{detail}: make room, or shorten PUNCTUAL_RETENTION_DAYS")
